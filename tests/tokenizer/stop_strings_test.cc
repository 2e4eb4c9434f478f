#include "tokenizer/stop_strings.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace lapidary::tokenizer {
namespace {

struct Outcome {
  std::string text;
  bool found;
  bool operator==(const Outcome&) const = default;
};

void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << '"' << outcome.text << "\" " << outcome.found;
}

Outcome cut(const std::vector<std::string>& stops, const std::string& text, size_t piece) {
  StopStrings finder(stops);
  std::string out;
  for (size_t i = 0; i < text.size(); i += piece) out += finder.push(text.substr(i, piece));
  out += finder.flush();
  return {out, finder.found()};
}

TEST(StopStrings, TheTextEndsBeforeTheStopStringHoweverItIsCut) {
  const std::string text = "x = 1\n</code> after";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    EXPECT_EQ(cut({"</code>"}, text, piece), (Outcome{"x = 1\n", true})) << piece;
    EXPECT_EQ(cut({"</CODE>"}, text, piece), (Outcome{text, false})) << piece;
    EXPECT_EQ(cut({}, text, piece), (Outcome{text, false})) << piece;
  }
}

TEST(StopStrings, BeginningsThatComeToNothingAreGivenBack) {
  const std::string text = "aab <</co <</code";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    EXPECT_EQ(cut({"</code>", "aaab"}, text, piece), (Outcome{text, false})) << piece;
    EXPECT_EQ(cut({"</code>", "ab <</co "}, text, piece), (Outcome{"a", true})) << piece;
  }
}

TEST(StopStrings, OverlappingBeginningsAreFollowed) {
  for (size_t piece = 1; piece <= 8; ++piece) {
    EXPECT_EQ(cut({"aab"}, "aaaab", piece), (Outcome{"aa", true})) << piece;
    EXPECT_EQ(cut({"abac"}, "abababac", piece), (Outcome{"abab", true})) << piece;
  }
}

TEST(StopStrings, TheFirstToBeCompleteWinsAndOfThoseTheLongest) {
  for (size_t piece = 1; piece <= 6; ++piece) {
    EXPECT_EQ(cut({"abcd", "bc"}, "xabcd", piece), (Outcome{"xa", true})) << piece;
    EXPECT_EQ(cut({"d", "bcd"}, "xabcd", piece), (Outcome{"xa", true})) << piece;
  }
}

TEST(StopStrings, TextIsGivenOutAsSoonAsItIsCertain) {
  StopStrings finder({"</code>"});
  EXPECT_EQ(finder.push("print(1)</"), "print(1)");
  EXPECT_EQ(finder.push("co"), "");
  EXPECT_EQ(finder.push("x"), "</cox");
  EXPECT_EQ(finder.push("</code"), "");
  EXPECT_FALSE(finder.found());
  EXPECT_EQ(finder.push("> more"), "");
  EXPECT_TRUE(finder.found());
  EXPECT_EQ(finder.push("even more"), "");
  EXPECT_EQ(finder.flush(), "");
}

TEST(StopStrings, AnEmptyStopStringIsRefused) {
  EXPECT_THROW(StopStrings({"a", ""}), Error);
}

}  // namespace
}  // namespace lapidary::tokenizer
