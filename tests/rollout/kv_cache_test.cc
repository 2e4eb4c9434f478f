#include "rollout/kv_cache.h"

#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "rollout/toy_decoders.h"

namespace lapidary::rollout {
namespace {

KvCache make(Dim num_slots, Dim num_pages) {
  return KvCache(test::toy_layers(),
                 {.num_slots = num_slots, .num_pages = num_pages, .page_tokens = 4});
}

void append(KvCache& cache, Slot slot, Dim count) {
  cache.begin_append(slot, count);
  cache.finish_append(slot, count);
}

// [count, 2, 16] for layer 2: every value names the position that it was made for.
at::Tensor named_rows(Dim first, Dim count, float tag) {
  at::Tensor out = at::empty({count, 2, 16}, at::TensorOptions(at::kFloat));
  for (Dim i = 0; i < count; ++i) out.select(0, i).fill_(tag + static_cast<float>(first + i));
  return out;
}

TEST(KvCache, CountsItsBytes) {
  KvCache cache = make(3, 10);
  // Rings: 5 rows of 2 heads of 8, and 8 rows of 1 head of 16. Page: 4 rows of 2 heads of 16.
  EXPECT_EQ(cache.slot_bytes(), 2 * 4 * (5 * 2 * 8 + 8 * 1 * 16));
  EXPECT_EQ(cache.page_bytes(), 2 * 4 * (4 * 2 * 16));
  EXPECT_EQ(cache.allocated_bytes(), 3 * cache.slot_bytes() + 10 * cache.page_bytes());
  EXPECT_EQ(cache.used_bytes(), 0);
  const Slot slot = *cache.open(9);
  append(cache, slot, 5);
  EXPECT_EQ(cache.used_bytes(), cache.slot_bytes() + 2 * cache.page_bytes());
  cache.close(slot);
  EXPECT_EQ(cache.used_bytes(), 0);
}

TEST(KvCache, RingsAreNoLongerThanTheLongestSequence) {
  const KvCache cache(test::toy_layers(),
                      {.num_slots = 1, .num_pages = 1, .page_tokens = 4, .max_sequence_tokens = 3});
  EXPECT_EQ(cache.storage(0).rows, 3);
  EXPECT_EQ(cache.storage(1).rows, 3);
  EXPECT_EQ(cache.max_tokens(), 3);
}

TEST(KvCache, SetsRoomAsideWhenASequenceOpens) {
  KvCache cache = make(4, 5);
  const auto first = cache.open(12);  // three pages
  ASSERT_TRUE(first);
  EXPECT_EQ(cache.num_free_pages(), 5);  // none taken yet
  EXPECT_FALSE(cache.open(9));           // three more are not there
  const auto second = cache.open(8);
  ASSERT_TRUE(second);
  EXPECT_FALSE(cache.open(1));
  append(cache, *second, 8);
  append(cache, *first, 12);
  EXPECT_EQ(cache.num_free_pages(), 0);
  EXPECT_THROW(cache.begin_append(*first, 1), Error);  // beyond what was set aside
  cache.check_integrity();
  cache.close(*first);
  EXPECT_TRUE(cache.reserve(*second, 20));
  EXPECT_FALSE(cache.reserve(*second, 21));
  append(cache, *second, 12);
  cache.check_integrity();
}

TEST(KvCache, ReportsFullSlotsAsAValue) {
  KvCache cache = make(2, 10);
  EXPECT_TRUE(cache.open(1));
  const auto second = cache.open(1);
  ASSERT_TRUE(second);
  EXPECT_FALSE(cache.open(1));
  cache.close(*second);
  EXPECT_EQ(cache.open(1), second);
  EXPECT_THROW(cache.close(3), Error);
  cache.check_integrity();
}

TEST(KvCache, AForkSharesFullPagesAndCopiesTheRest) {
  KvCache cache = make(3, 8);
  const Slot parent = *cache.open(12);
  cache.begin_append(parent, 10);
  cache.write(2, parent, named_rows(0, 10, 0.0F), named_rows(0, 10, 100.0F));
  cache.finish_append(parent, 10);
  EXPECT_EQ(cache.num_free_pages(), 5);
  const Slot child = *cache.fork(parent, 16);
  EXPECT_EQ(cache.num_tokens(child), 10);
  EXPECT_EQ(cache.num_free_pages(), 4);  // one page for the two rows of the third
  cache.check_integrity();

  // Each goes its own way; what they share stays.
  for (const Slot slot : {parent, child}) {
    cache.begin_append(slot, 1);
    const float tag = slot == parent ? 1000.0F : 2000.0F;
    cache.write(2, slot, named_rows(10, 1, tag), named_rows(10, 1, tag));
    cache.finish_append(slot, 1);
    cache.check_integrity();
  }
  for (const Slot slot : {parent, child}) {
    const auto [keys, values] = cache.read(2, slot, 0, 11);
    EXPECT_TRUE(keys.narrow(0, 0, 10).equal(named_rows(0, 10, 0.0F)));
    EXPECT_TRUE(values.narrow(0, 0, 10).equal(named_rows(0, 10, 100.0F)));
    const float tag = slot == parent ? 1000.0F : 2000.0F;
    EXPECT_TRUE(keys.narrow(0, 10, 1).equal(named_rows(10, 1, tag)));
  }

  cache.close(parent);
  cache.check_integrity();
  EXPECT_TRUE(cache.read(2, child, 0, 10).first.equal(named_rows(0, 10, 0.0F)));
  append(cache, child, 5);
  cache.close(child);
  EXPECT_EQ(cache.num_free_pages(), 8);
  cache.check_integrity();
}

TEST(KvCache, AForkOfFullPagesTakesNoPage) {
  KvCache cache = make(3, 4);
  const Slot parent = *cache.open(8);
  append(cache, parent, 8);
  const auto child = cache.fork(parent, 16);
  ASSERT_TRUE(child);
  EXPECT_EQ(cache.num_free_pages(), 2);
  EXPECT_FALSE(cache.fork(parent, 12));  // the last two pages are the child's
  append(cache, *child, 8);
  cache.check_integrity();
}

TEST(KvCache, ARingKeepsTheLastRowsAndRefusesOlderOnes) {
  KvCache cache = make(1, 20);
  const Slot slot = *cache.open(80);
  const auto rows = [](Dim first, Dim count) {
    at::Tensor out = at::empty({count, 1, 16}, at::TensorOptions(at::kFloat));
    for (Dim i = 0; i < count; ++i) out.select(0, i).fill_(static_cast<float>(first + i));
    return out;
  };
  Dim length = 0;
  for (const Dim count : {3, 8, 1, 20, 7, 2}) {  // shorter and longer than the ring of 8
    cache.begin_append(slot, count);
    cache.write(1, slot, rows(length, count), rows(length, count));
    cache.finish_append(slot, count);
    length += count;
    const Dim begin = std::max(Dim{0}, length - 8);
    EXPECT_TRUE(cache.read(1, slot, begin, length).first.equal(rows(begin, length - begin)));
    if (begin > 0) {
      EXPECT_THROW(cache.read(1, slot, begin - 1, length), Error);
    }
  }
}

TEST(KvCache, AnAppendWithoutFinishLeavesTheSequenceAsItWas) {
  KvCache cache = make(1, 4);
  const Slot slot = *cache.open(12);
  append(cache, slot, 3);
  cache.begin_append(slot, 6);
  EXPECT_EQ(cache.num_tokens(slot), 3);
  cache.check_integrity();
  append(cache, slot, 1);
  EXPECT_EQ(cache.num_tokens(slot), 4);
  cache.check_integrity();
}

}  // namespace
}  // namespace lapidary::rollout
