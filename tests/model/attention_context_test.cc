#include "model/attention_context.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace lapidary::model {
namespace {

TEST(PackedContext, PositionsRestartInEverySequence) {
  const PackedContext context({0, 3, 3, 5}, c10::kCPU);
  const int64_t wanted[] = {0, 1, 2, 0, 1};
  ASSERT_EQ(context.positions().numel(), 5);
  for (Dim row = 0; row < 5; ++row)
    EXPECT_EQ(context.positions()[row].item().toLong(), wanted[row]) << row;
  EXPECT_EQ(context.end_position(), 3);
}

TEST(PackedContext, OffsetsThatDoNotAscendFromZeroAreAnError) {
  EXPECT_THROW(PackedContext({}, c10::kCPU), Error);
  EXPECT_THROW(PackedContext({1, 2}, c10::kCPU), Error);
  EXPECT_THROW(PackedContext({0, 4, 3}, c10::kCPU), Error);
}

}  // namespace
}  // namespace lapidary::model
