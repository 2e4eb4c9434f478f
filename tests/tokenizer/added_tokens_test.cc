#include "tokenizer/added_tokens.h"

#include <gtest/gtest.h>

namespace lapidary::tokenizer {
namespace {

AddedToken token(int32_t id, const std::string& content) {
  return AddedToken{id, content, false, false, false, false};
}

// "text|[id]|text" for reading.
std::string split(const AddedTokenMatcher& matcher, std::string_view text) {
  std::vector<Stretch> stretches;
  matcher.split(text, stretches);
  std::string out;
  for (const Stretch& stretch : stretches) {
    if (!out.empty()) out += '|';
    if (stretch.added_id >= 0) {
      out += "[" + std::to_string(stretch.added_id) + "]";
    } else {
      out += stretch.text;
    }
  }
  return out;
}

TEST(AddedTokens, LeftmostThenLongest) {
  const AddedTokenMatcher matcher(
      {token(0, "ab"), token(1, "abcd"), token(2, "bcx"), token(3, "c"), token(4, "abcdef")});
  EXPECT_EQ(split(matcher, "abcd"), "[1]");
  EXPECT_EQ(split(matcher, "abcx"), "[0]|[3]|x");
  EXPECT_EQ(split(matcher, "abcdeabcdef"), "[1]|e|[4]");
  EXPECT_EQ(split(matcher, "xbcx"), "x|[2]");
  EXPECT_EQ(split(matcher, ""), "");
  EXPECT_EQ(split(matcher, "a"), "a");
}

TEST(AddedTokens, NoneIsFoundWhereThereAreNone) {
  EXPECT_EQ(split(AddedTokenMatcher({}), "<bos>"), "<bos>");
}

TEST(AddedTokens, WhiteSpaceIsStrippedOnTheSidesNamed) {
  AddedToken left = token(0, "L");
  left.strips_left = true;
  AddedToken right = token(1, "R");
  right.strips_right = true;
  const AddedTokenMatcher matcher({left, right});
  EXPECT_EQ(split(matcher, "a \tL b"), "a|[0]| b");
  EXPECT_EQ(split(matcher, "a R\xE3\x80\x80\n b"), "a |[1]|b");
  EXPECT_EQ(split(matcher, "R  L"), "[1]|[0]");
}

// White space that strips white space: each run is walked once, or this would take hours.
TEST(AddedTokens, ManyStrippingTokensInOneRunTakeLinearTime) {
  AddedToken newline = token(0, "\n");
  newline.strips_left = true;
  newline.strips_right = true;
  std::vector<Stretch> stretches;
  AddedTokenMatcher({newline}).split(std::string(2'000'000, '\n'), stretches);
  EXPECT_EQ(stretches.size(), 2'000'000u);
}

}  // namespace
}  // namespace lapidary::tokenizer
