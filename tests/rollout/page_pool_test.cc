#include "rollout/page_pool.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace lapidary::rollout {
namespace {

TEST(PagePool, GivesTheLowestFreePage) {
  PagePool pool(4);
  EXPECT_EQ(pool.acquire(), 0);
  EXPECT_EQ(pool.acquire(), 1);
  EXPECT_EQ(pool.acquire(), 2);
  pool.release(1);
  pool.release(0);
  EXPECT_EQ(pool.num_free(), 3);
  EXPECT_EQ(pool.acquire(), 0);
  EXPECT_EQ(pool.acquire(), 1);
  pool.check_integrity();
}

TEST(PagePool, ASharedPageIsFreedWithItsLastUser) {
  PagePool pool(2);
  const Dim page = pool.acquire();
  pool.share(page);
  pool.release(page);
  EXPECT_EQ(pool.references(page), 1);
  EXPECT_EQ(pool.num_free(), 1);
  pool.release(page);
  EXPECT_EQ(pool.num_free(), 2);
  pool.check_integrity();
}

TEST(PagePool, RefusesWhatWouldBreakItsCounts) {
  PagePool pool(1);
  EXPECT_THROW(pool.release(0), Error);
  EXPECT_THROW(pool.share(0), Error);
  pool.acquire();
  EXPECT_THROW(pool.acquire(), Error);
}

}  // namespace
}  // namespace lapidary::rollout
