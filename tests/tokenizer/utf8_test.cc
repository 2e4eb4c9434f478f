#include "tokenizer/utf8.h"

#include <gtest/gtest.h>

namespace lapidary::tokenizer {
namespace {

TEST(Utf8, EveryCharacterIsWholeAndItsBeginningsAreCut) {
  for (uint32_t value = 0; value <= 0x10FFFF; value += value < 0x3000 ? 1 : 97) {
    if (value >= 0xD800 && value <= 0xDFFF) continue;
    std::string text;
    append_code_point(text, value);
    ASSERT_EQ(first_character(text).kind, Utf8::kWhole) << value;
    ASSERT_EQ(first_character(text).num_bytes, text.size()) << value;
    ASSERT_EQ(code_point_at(text, 0).value, value);
    ASSERT_EQ(last_code_point("x" + text).value, value);
    for (size_t size = 1; size < text.size(); ++size) {
      ASSERT_EQ(first_character(text.substr(0, size)).kind, Utf8::kCut) << value;
    }
  }
}

TEST(Utf8, OverlongFormsSurrogatesAndTooLargeValuesAreBroken) {
  for (const char* text :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5", "\xFF"}) {
    EXPECT_EQ(first_character(text).kind, Utf8::kBroken) << text;
    EXPECT_EQ(well_formed_prefix(std::string("12345678abc") + text), 11u);
  }
}

// As bytes.decode(errors="replace") does in Python.
TEST(Utf8, OneReplacementForEachIllFormedStretch) {
  const std::string fffd(kReplacementCharacter);
  EXPECT_EQ(replace_ill_formed("a\xF0\x9F\x98z"), "a" + fffd + "z");
  EXPECT_EQ(replace_ill_formed("\xE4\xB8"), fffd);
  EXPECT_EQ(replace_ill_formed("\xC0\x80"), fffd + fffd);
  EXPECT_EQ(replace_ill_formed("\xF0\x80\x80"), fffd + fffd + fffd);
  EXPECT_EQ(replace_ill_formed("\xC3\xA9"), "\xC3\xA9");
}

}  // namespace
}  // namespace lapidary::tokenizer
