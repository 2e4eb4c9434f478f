#include "tokenizer/vectors.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"
#include "tokenizer/stream_decoder.h"

namespace lapidary::tokenizer {
namespace {

using Ids = std::vector<int32_t>;

void check_decoding(const Tokenizer& tokenizer, const Ids& ids, const Json& line) {
  EXPECT_EQ(tokenizer.decode(ids, SkipSpecial::kNo), line.at("decoded").get<std::string>())
      << line.dump();
  EXPECT_EQ(tokenizer.decode(ids, SkipSpecial::kYes),
            line.at("decoded_skip_special").get<std::string>())
      << line.dump();
}

}  // namespace

int check_encode_vectors(const Tokenizer& tokenizer, const std::string& path) {
  int count = 0;
  for_each_json_line(path, [&](const Json& line, int64_t) {
    const auto text = line.at("text").get<std::string>();
    const auto with_special = line.at("ids_with_special").get<Ids>();
    EXPECT_EQ(tokenizer.encode(text, SpecialTokens::kNone), line.at("ids").get<Ids>()) << text;
    EXPECT_EQ(tokenizer.encode(text, SpecialTokens::kAdd), with_special) << text;
    check_decoding(tokenizer, with_special, line);
    ++count;
  });
  return count;
}

int check_decode_vectors(const Tokenizer& tokenizer, const std::string& path) {
  int count = 0;
  for_each_json_line(path, [&](const Json& line, int64_t) {
    check_decoding(tokenizer, line.at("ids").get<Ids>(), line);
    ++count;
  });
  return count;
}

int check_stream_vectors(const Tokenizer& tokenizer, const std::string& path) {
  int count = 0;
  for_each_json_line(path, [&](const Json& line, int64_t) {
    const bool skips = line.at("skip_special").get<bool>();
    StreamDecoder decoder(tokenizer, skips ? SkipSpecial::kYes : SkipSpecial::kNo);
    std::vector<std::string> pieces;
    for (const int32_t id : line.at("ids").get<Ids>()) pieces.push_back(decoder.push(id));
    EXPECT_EQ(pieces, line.at("pieces").get<std::vector<std::string>>()) << line.dump();
    EXPECT_EQ(decoder.flush(), line.at("flush").get<std::string>()) << line.dump();
    ++count;
  });
  return count;
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace lapidary::tokenizer
