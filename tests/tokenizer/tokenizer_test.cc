#include "tokenizer/tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "base/error.h"
#include "base/json.h"
#include "support/paths.h"
#include "tokenizer/vectors.h"

namespace lapidary::tokenizer {
namespace {

using Ids = std::vector<int32_t>;

const Tokenizer& tiny() {
  static const Tokenizer out = Tokenizer::load(test::project_path("assets/tiny/tokenizer.json"));
  return out;
}

Ids encode(std::string_view text) {
  return tiny().encode(text, SpecialTokens::kNone);
}

TEST(Tokenizer, NamesTokensAndIds) {
  EXPECT_EQ(tiny().vocab_size(), 512);
  EXPECT_EQ(tiny().id_of("<|turn>"), 15);
  EXPECT_EQ(tiny().id_of("<0x0A>"), 27);
  EXPECT_EQ(tiny().id_of("no such token"), std::nullopt);
  EXPECT_EQ(tiny().token_of(16), "<turn|>");
  EXPECT_TRUE(tiny().is_special(16));
  EXPECT_FALSE(tiny().is_special(300));
  EXPECT_EQ(tiny().summary(), "BPE, 512 tokens (17 added, 17 special), 142 merges, byte fallback");
}

TEST(Tokenizer, RefusesIdsOutsideOfTheVocabulary) {
  const std::string message =
      "token id 512 is outside of the vocabulary of 512 tokens; ids are 0 to 511";
  EXPECT_EQ(error_of([] { tiny().decode(Ids{3, 512}, SkipSpecial::kNo); }), message);
  EXPECT_EQ(error_of([] { tiny().token_of(512); }), message);
  EXPECT_NE(error_of([] { tiny().is_special(-1); }), "no error");
}

TEST(Tokenizer, ReadsInvalidUtf8AsReplacementCharacters) {
  EXPECT_EQ(encode("a\xFF"
                   "b"),
            encode("a\xEF\xBF\xBD"
                   "b"));
  EXPECT_EQ(encode("\xF0\x9F\x98"), encode("\xEF\xBF\xBD"));  // one cut character, one U+FFFD
  EXPECT_EQ(encode("\xED\xA0\x80"), encode("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"));
  EXPECT_EQ(encode(std::string_view("\0\xC0", 2)), encode(std::string_view("\0\xEF\xBF\xBD", 4)));
}

TEST(Tokenizer, TextOfAnyKindComesBack) {
  for (const std::string text :
       {"a  b\n\n\tc", "\r\n", "\xF0\x9F\x98\x80", "<0x41>", "<bos>x", ""}) {
    EXPECT_EQ(tiny().decode(encode(text), SkipSpecial::kNo), text);
  }
}

// Quadratic work would take hours here.
TEST(Tokenizer, LongRunsAreNoTrouble) {
  for (const std::string unit : {"a", " ", "th", "\n", "<", "<|tur", "\xE4\xB8\xAD", "\xFF"}) {
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    const Ids ids = encode(text);
    EXPECT_LE(ids.size(), 3'000'000u);
    if (unit != "\xFF") {
      EXPECT_EQ(tiny().decode(ids, SkipSpecial::kNo), text);
    }
  }
}

TEST(Tokenizer, ThreadsMayShareOne) {
  const std::string text = "print(total) # the answer is 42\n";
  const Ids expected = encode(text);
  std::vector<std::thread> threads;
  std::array<int, 4> num_equal{};
  for (int& count : num_equal) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) count += encode(text) == expected ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : num_equal) EXPECT_EQ(count, 500);
}

TEST(Tokenizer, CopiesOutliveTheFirst) {
  auto first = std::make_unique<Tokenizer>(tiny());
  const Tokenizer second = *first;
  first.reset();
  EXPECT_EQ(second.token_of(2), "<bos>");
}

TEST(Tokenizer, LoadNamesWhatIsMissing) {
  const test::ScratchFolder scratch;
  EXPECT_NE(error_of([&] { Tokenizer::load(scratch.path()); }).find("has no tokenizer.json"),
            std::string::npos);
  EXPECT_NE(error_of([&] { Tokenizer::load(scratch.file("none")); }).find("cannot open"),
            std::string::npos);
}

}  // namespace
}  // namespace lapidary::tokenizer
