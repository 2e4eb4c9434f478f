// tokenizer.json and what is done with it. The input is a file, a NUL and a text; without a file
// the text goes to a built-in tokenizer that has every component.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "tokenizer/byte_tokens.h"
#include "tokenizer/stream_decoder.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/utf8.h"

namespace {

using lapidary::tokenizer::SkipSpecial;
using lapidary::tokenizer::SpecialTokens;
using lapidary::tokenizer::StreamDecoder;
using lapidary::tokenizer::Tokenizer;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_utf8(const std::string& text) {
  return lapidary::tokenizer::well_formed_prefix(text) == text.size();
}

Tokenizer built_in() {
  std::string vocabulary = R"("<unk>":0,"<bos>":1)";
  int next = 2;
  const auto add = [&](const std::string& token) {
    vocabulary += ",\"" + token + "\":" + std::to_string(next++);
  };
  for (int byte = 0; byte < 256; ++byte) {
    add(lapidary::tokenizer::byte_token(static_cast<uint8_t>(byte)));
  }
  for (const char* token : {"a", "b", "c", "_", "<", "0", "x", "4", "1", ">", "\\n", "aa", "aaa",
                            "ab", "_a", "bc", "abc", "<0x41>a", "\\n\\n"}) {
    add(token);
  }
  const std::string json = R"({"added_tokens":[
    {"id":0,"content":"<unk>","special":true},{"id":1,"content":"<bos>","special":true},
    {"id":277,"content":"[L]","lstrip":true},{"id":278,"content":"[R]","rstrip":true},
    {"id":279,"content":"a b","normalized":true},{"id":280,"content":"\n\n\n","lstrip":true,
    "rstrip":true}],
    "normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"_"},
    {"type":"Replace","pattern":{"String":" "},"content":"_"}]},
    "pre_tokenizer":{"type":"Split","pattern":{"String":"cc"},"behavior":"MergedWithPrevious"},
    "post_processor":null,
    "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"_"},
    "content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,
    "stop":0}]},
    "model":{"type":"BPE","unk_token":"<unk>","byte_fallback":true,"fuse_unk":true,"vocab":{)" +
                           vocabulary + R"(},"merges":["a a","aa a","a aa","a b","_ a","b c","ab c",
    "a bc","<0x41> a",["\n","\n"]]}})";
  return Tokenizer::from_json(json, "built-in");
}

void check_decoding(const Tokenizer& tokenizer, const std::vector<int32_t>& ids,
                    SkipSpecial skip_special) {
  const std::string text = tokenizer.decode(ids, skip_special);
  require(is_utf8(text));
  StreamDecoder stream(tokenizer, skip_special);
  std::string joined;
  for (const int32_t id : ids) {
    const std::string piece = stream.push(id);
    require(is_utf8(piece));
    joined += piece;
  }
  joined += stream.flush();
  // Only a run of bytes that breaks after whole characters may differ.
  const bool has_broken_bytes =
      text.find(lapidary::tokenizer::kReplacementCharacter) != std::string::npos;
  require(joined == text || has_broken_bytes);
}

void use(const Tokenizer& tokenizer, std::string_view text) {
  const std::vector<int32_t> ids = tokenizer.encode(text, SpecialTokens::kAdd);
  for (const int32_t id : ids) require(id >= 0 && id < tokenizer.vocab_size());
  require(tokenizer.encode(text, SpecialTokens::kAdd) == ids);  // now from the cache
  check_decoding(tokenizer, ids, SkipSpecial::kNo);
  std::vector<int32_t> any_ids;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    const int value =
        static_cast<unsigned char>(text[i]) * 256 + static_cast<unsigned char>(text[i + 1]);
    any_ids.push_back(static_cast<int32_t>(value % tokenizer.vocab_size()));
  }
  check_decoding(tokenizer, any_ids, SkipSpecial::kYes);
  require(!tokenizer.summary().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Tokenizer own = built_in();
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\0');
  const std::string_view json = input.substr(0, end);
  const std::string_view text =
      end == std::string_view::npos ? std::string_view() : input.substr(end + 1);
  try {
    use(json.empty() ? own : Tokenizer::from_json(json, "input"), text);
  } catch (const lapidary::Error& error) {
    require(error.kind() != lapidary::ErrorKind::kInternal);
  }
  return 0;
}
