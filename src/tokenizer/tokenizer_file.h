// tokenizer.json, read and checked: what a Tokenizer is made of.
//
// "truncation" and "padding" are left aside, as transformers leaves them aside unless it is asked
// for one of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "tokenizer/added_tokens.h"
#include "tokenizer/bpe_model.h"
#include "tokenizer/decoder.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/vocabulary.h"

namespace lapidary::tokenizer {

struct TokenizerFile {
  Vocabulary vocabulary;            // the model's tokens, then the added ones that it lacks
  int32_t num_model_tokens = 0;     // ids below are the model's
  std::unique_ptr<BpeModel> model;  // never null
  bool ignore_merges = false;       // a whole piece that is a token becomes that token
  std::vector<AddedToken> added_tokens;
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  Decoder decoder;
  std::vector<int32_t> ids_before, ids_after;  // what the post-processor puts around the text
};

// Throws Error whose message begins with `what` and names the part: kCorrupt for what contradicts
// itself, kInvalidArgument for a missing or mistyped field, kUnsupported for a component that is
// not among those of the Gemma family.
TokenizerFile parse_tokenizer_file(std::string_view text, std::string_view what);

}  // namespace lapidary::tokenizer
