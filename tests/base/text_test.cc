#include "base/text.h"

#include <gtest/gtest.h>

namespace lapidary {
namespace {

TEST(Text, NearestFindsTypingErrorsAndNothingElse) {
  const std::vector<std::string> flags = {"--temperature", "--top-p", "--max-new-tokens"};
  EXPECT_EQ(nearest("--temprature", flags), "--temperature");
  EXPECT_EQ(nearest("--max-tokens", flags), "--max-new-tokens");
  EXPECT_EQ(nearest("--frobnicate", flags), "");
}

TEST(Text, JoinCountsWhatItLeavesOut) {
  const std::vector<std::string> items = {"a", "b", "c"};
  EXPECT_EQ(join(items), "a, b, c");
  EXPECT_EQ(join(items, ", ", 1), "a and 2 more");
}

TEST(Text, QuotedEscapesAndCuts) {
  EXPECT_EQ(quoted("a\n\"\x01\xff"), R"("a\n\"\x01\xff")");
  EXPECT_EQ(quoted("aaaaaaaaaa", 5), "\"aaaa\"...");
}

}  // namespace
}  // namespace lapidary
