// Texts and conversations as the token ids that a checkpoint's model reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "tokenizer/chat_template.h"
#include "tokenizer/tokenizer.h"

namespace lapidary::cli {

// Whether a conversation is rendered up to where the model is to answer.
enum class GenerationPrompt { kNo, kYes };

// What transformers hands a template: the texts of bos_token, eos_token and all other *_token of
// tokenizer_config.json; empty where there is no such file.
Json read_special_tokens(const std::string& folder);

class TextEncoder {
 public:
  // Loads nothing yet: a checkpoint without tokenizer or template serves as long as nobody needs
  // them.
  explicit TextEncoder(std::string checkpoint_folder) : folder_(std::move(checkpoint_folder)) {}

  // As the tokenizer's post-processor has it (most put <bos> in front).
  std::vector<int64_t> encode_text(const std::string& text);
  // Through the chat template, which writes its own <bos>. `tools` is a list of schemas or null.
  std::vector<int64_t> encode_messages(const Json& messages, const Json& tools,
                                       GenerationPrompt generation_prompt);

  // Throws Error{kNotFound} that names the folder when there is no tokenizer.json.
  const tokenizer::Tokenizer& tokenizer();
  bool has_tokenizer() const;

 private:
  const tokenizer::ChatTemplate& chat_template();
  std::string folder_;
  std::optional<tokenizer::Tokenizer> tokenizer_;
  std::optional<tokenizer::ChatTemplate> template_;
  Json special_tokens_;  // what transformers hands a template: bos_token, eos_token, ..
};

}  // namespace lapidary::cli
