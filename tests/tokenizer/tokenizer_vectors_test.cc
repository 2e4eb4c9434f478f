// Equality with Hugging Face tokenizers: vectors of the project, and those of the reference data
// for Gemma 3's own file, which is not part of the project.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

#include "base/json.h"
#include "base/text.h"
#include "support/paths.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/vectors.h"

namespace lapidary::tokenizer {
namespace {

constexpr const char* kSkipped =
    "the reference data (text-fixtures, gemma3-tokenizer) or the program xz is not there; "
    "LAPIDARY_REFERENCE_DATA names its folder";

// The text of Gemma 3's tokenizer.json, "" where it or xz is absent.
std::string gemma3_json() {
  const std::string packed = test::reference_path("gemma3-tokenizer/tokenizer.json.xz");
  if (packed.empty()) return {};
  const std::string command = cat("xz -dc '", packed, "' 2>/dev/null");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"),
                                                             ::pclose);
  if (!pipe) return {};
  std::string out;
  std::array<char, 65536> part{};
  while (true) {
    const size_t got = std::fread(part.data(), 1, part.size(), pipe.get());
    if (got == 0) return out;
    out.append(part.data(), got);
  }
}

// Replaces what lies between `begin` and `end` (both once in the text, and kept).
void replace_between(std::string& text, const std::string& begin, const std::string& end,
                     const std::string& with) {
  const size_t from = text.find(begin);
  ASSERT_NE(from, std::string::npos) << begin;
  const size_t start = from + begin.size();
  const size_t stop = text.find(end, start);
  ASSERT_NE(stop, std::string::npos) << end;
  text.replace(start, stop - start, with);
}

// Gemma 4's special tokens laid over Gemma 3's file.
std::string with_overlay(std::string text, const Tokenizer& gemma3, const Json& overlay) {
  for (const auto& [id, name] : overlay.at("rename").items()) {
    const std::string& old_name = gemma3.token_of(std::stoi(id));
    const std::string old_entry = cat("\"", old_name, "\": ", id);
    const size_t at = text.find(old_entry);
    EXPECT_NE(at, std::string::npos) << old_entry;
    text.replace(at, old_entry.size(), cat(name.dump(), ": ", id));
  }
  replace_between(text, "\"added_tokens\": ", ",\n  \"normalizer\"",
                  overlay.at("added_tokens").dump());
  replace_between(text, "\"post_processor\": ", ",\n  \"decoder\"",
                  overlay.at("post_processor").dump());
  return text;
}

TEST(TokenizerVectors, TinyTokenizer) {
  const std::string folder = test::project_path("tests/data/tiny-tokenizer");
  const Tokenizer tokenizer = Tokenizer::load(test::project_path("assets/tiny"));
  EXPECT_EQ(check_encode_vectors(tokenizer, folder + "/encode.jsonl"), 100);
  EXPECT_EQ(check_stream_vectors(tokenizer, folder + "/stream.jsonl"), 13);
}

TEST(TokenizerVectors, EveryComponentThatIsSupported) {
  const Json tiny = read_json_file(test::project_path("assets/tiny/tokenizer.json"));
  const Json file = read_json_file(test::project_path("tests/data/tokenizer-variants.json"));
  int count = 0;
  for (const Json& variant : file.at("variants")) {
    SCOPED_TRACE(variant.at("name").get<std::string>());
    Json changed = tiny;
    changed.merge_patch(variant.at("changes"));
    const Tokenizer tokenizer = Tokenizer::from_json(changed.dump(), "changed.json");
    const test::ScratchFolder scratch;
    std::string lines;
    for (const Json& line : variant.at("cases")) lines += line.dump() + "\n";
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(
        std::fopen(scratch.file("cases.jsonl").c_str(), "wb"), std::fclose);
    std::fwrite(lines.data(), 1, lines.size(), out.get());
    out.reset();
    count += check_encode_vectors(tokenizer, scratch.file("cases.jsonl"));
  }
  EXPECT_EQ(count, 198);
}

TEST(TokenizerVectors, Gemma3AndGemma4Overlay) {
  const std::string vectors = test::reference_path("text-fixtures/tokenizer");
  const std::string json = vectors.empty() ? "" : gemma3_json();
  if (json.empty()) GTEST_SKIP() << kSkipped;
  const Tokenizer gemma3 = Tokenizer::from_json(json, "gemma3");
  EXPECT_EQ(gemma3.vocab_size(), 262145);
  EXPECT_EQ(check_encode_vectors(gemma3, vectors + "/gemma3-encode.jsonl"), 600);
  EXPECT_EQ(check_decode_vectors(gemma3, vectors + "/gemma3-decode.jsonl"), 64);
  EXPECT_EQ(check_stream_vectors(gemma3, vectors + "/gemma3-stream.jsonl"), 74);

  const Json overlay = read_json_file(vectors + "/gemma4-overlay.json");
  const Tokenizer gemma4 =
      Tokenizer::from_json(with_overlay(json, gemma3, overlay), "gemma4 overlay");
  EXPECT_EQ(check_encode_vectors(gemma4, vectors + "/gemma4-overlay-encode.jsonl"), 120);
}

}  // namespace
}  // namespace lapidary::tokenizer
