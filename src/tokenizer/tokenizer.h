// Text to token ids and back, equal to Hugging Face tokenizers on files of the Gemma family.
//
// encode: added tokens are found in the raw text; what lies between is normalized (a space becomes
// U+2581), cut by the pre-tokenizer and encoded by byte-pair merges; the post-processor may put
// ids around the whole.
//
//   const Tokenizer tokenizer = Tokenizer::load("checkpoints/gemma");
//   tokenizer.encode("<bos>Hello, world", SpecialTokens::kNone)  ->  {2, 9259, 236764, 1902}
//   tokenizer.decode(std::vector<int32_t>{2, 9259}, SkipSpecial::kYes)  ->  "Hello"
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/dim.h"
#include "tokenizer/decoder.h"

namespace lapidary::tokenizer {

// Whether the post-processor of the file is applied. Special tokens that the text itself holds are
// found in either case.
enum class SpecialTokens { kNone, kAdd };

// Whether decoding leaves out the tokens that the file marks as special.
enum class SkipSpecial { kNo, kYes };

// A handle: copies are cheap and share what they refer to, which lives as long as one of them.
// Const methods may be called from several threads at once.
class Tokenizer {
 public:
  // A tokenizer.json, or the folder that holds one. Throws Error with the path in front: kNotFound,
  // or what parse_tokenizer_file throws.
  static Tokenizer load(const std::string& folder_or_file);
  // `what` names the text in messages.
  static Tokenizer from_json(std::string_view text, std::string_view what);

  // Bytes that are not valid UTF-8 count as U+FFFD, one for each ill-formed stretch, as Python's
  // errors="replace" reads them. Throws Error{kInvalidArgument} for a text of more than 512 MiB.
  std::vector<int32_t> encode(std::string_view text, SpecialTokens special_tokens) const;

  // The text of all ids together; StreamDecoder gives it out id by id. The result is valid UTF-8.
  // Throws Error{kInvalidArgument} for an id outside of the vocabulary.
  std::string decode(std::span<const int32_t> ids, SkipSpecial skip_special) const;

  Dim vocab_size() const;  // added tokens included: ids are 0 to vocab_size() - 1
  std::optional<int32_t> id_of(std::string_view token) const;
  // The token as the file spells it ("<0x0A>", U+2581 for a space). Throws
  // Error{kInvalidArgument} for an id outside of the vocabulary, as is_special does.
  const std::string& token_of(int32_t id) const;
  bool is_special(int32_t id) const;

  // For people: "BPE, 262145 tokens (6415 added, 9 special), 514906 merges, byte fallback".
  std::string summary() const;

 private:
  friend class StreamDecoder;
  struct State;
  explicit Tokenizer(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  // One token's share of a decoded text; nothing for a special token that is skipped.
  std::optional<Decoder::Part> decode_one(int32_t id, SkipSpecial skip_special,
                                          std::string& buffer) const;
  const Decoder& decoder() const;

  std::shared_ptr<const State> state_;
};

}  // namespace lapidary::tokenizer
