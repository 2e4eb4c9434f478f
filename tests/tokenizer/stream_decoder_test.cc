#include "tokenizer/stream_decoder.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"
#include "support/paths.h"
#include "tokenizer/byte_tokens.h"

namespace lapidary::tokenizer {
namespace {

using Pieces = std::vector<std::string>;

class StreamDecoding : public ::testing::Test {
 protected:
  const Tokenizer tokenizer_ = Tokenizer::load(test::project_path("assets/tiny/tokenizer.json"));

  int32_t byte(uint8_t value) const { return *tokenizer_.id_of(byte_token(value)); }
  int32_t token(std::string_view text) const { return *tokenizer_.id_of(text); }

  // The parts after each id, and what flush gives as the last.
  Pieces stream(const std::vector<int32_t>& ids, SkipSpecial skip = SkipSpecial::kNo) const {
    StreamDecoder decoder(tokenizer_, skip);
    Pieces out;
    for (const int32_t id : ids) out.push_back(decoder.push(id));
    out.push_back(decoder.flush());
    return out;
  }
};

const std::string kFffd = "\xEF\xBF\xBD";

TEST_F(StreamDecoding, GivesACharacterWithItsLastByte) {
  EXPECT_EQ(stream({byte(0xC3), byte(0xA9), token("a")}), (Pieces{"", "\xC3\xA9", "a", ""}));
}

TEST_F(StreamDecoding, ACutCharacterEndsWithItsRun) {
  EXPECT_EQ(stream({byte(0xE4), byte(0xB8), token("a")}),
            (Pieces{"", "", kFffd + kFffd + "a", ""}));
  EXPECT_EQ(stream({byte(0xE4), byte(0xB8)}), (Pieces{"", "", kFffd + kFffd}));
}

TEST_F(StreamDecoding, BrokenBytesWaitForTheEndOfTheirRun) {
  EXPECT_EQ(stream({byte(0xFF), byte(0x41), token("a")}),
            (Pieces{"", "", kFffd + kFffd + "a", ""}));
}

TEST_F(StreamDecoding, WholeCharactersOfARunThatBreaksLaterStay) {
  const std::vector<int32_t> ids = {byte(0x41), byte(0xFF), byte(0x42)};
  EXPECT_EQ(stream(ids), (Pieces{"A", "", "", kFffd + kFffd}));
  EXPECT_EQ(tokenizer_.decode(ids, SkipSpecial::kNo), kFffd + kFffd + kFffd);
}

TEST_F(StreamDecoding, OnlyASpecialTokenThatIsKeptEndsARun) {
  const std::vector<int32_t> ids = {byte(0xC3), token("<bos>"), byte(0xA9)};
  EXPECT_EQ(stream(ids, SkipSpecial::kYes), (Pieces{"", "", "\xC3\xA9", ""}));
  EXPECT_EQ(stream(ids, SkipSpecial::kNo), (Pieces{"", kFffd + "<bos>", "", kFffd}));
}

TEST_F(StreamDecoding, FlushStartsAnew) {
  StreamDecoder decoder(tokenizer_, SkipSpecial::kNo);
  decoder.push(byte(0xC3));
  EXPECT_EQ(decoder.flush(), kFffd);
  EXPECT_EQ(decoder.flush(), "");
  EXPECT_EQ(decoder.push(byte(0xA9)), "");
  EXPECT_EQ(decoder.flush(), kFffd);
}

TEST_F(StreamDecoding, AnIdOutsideOfTheVocabularyChangesNothing) {
  StreamDecoder decoder(tokenizer_, SkipSpecial::kNo);
  decoder.push(byte(0xC3));
  EXPECT_THROW(decoder.push(512), Error);
  EXPECT_EQ(decoder.push(byte(0xA9)), "\xC3\xA9");
}

TEST_F(StreamDecoding, StripTakesSpacesFromTheStartOnly) {
  Json json = read_json_file(test::project_path("assets/tiny/tokenizer.json"));
  json["decoder"]["decoders"].push_back(
      {{"type", "Strip"}, {"content", " "}, {"start", 2}, {"stop", 0}});
  const Tokenizer stripping = Tokenizer::from_json(json.dump(), "stripping");
  StreamDecoder decoder(stripping, SkipSpecial::kNo);
  const int32_t space = *stripping.id_of("\xE2\x96\x81");
  const Pieces pieces = {decoder.push(space), decoder.push(space), decoder.push(space),
                         decoder.push(*stripping.id_of("a")), decoder.push(space)};
  EXPECT_EQ(pieces, (Pieces{"", "", " ", "a", " "}));
  EXPECT_EQ(stripping.decode(std::vector<int32_t>{space, space, space}, SkipSpecial::kNo), " ");
}

}  // namespace
}  // namespace lapidary::tokenizer
