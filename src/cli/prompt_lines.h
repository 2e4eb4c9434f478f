// The --input of score and generate: one JSON object a line with exactly one of
//   {"input_ids": [2, 40, 41]}
//   {"text": "61 + 66 ="}
//   {"messages": [{"role": "user", "content": ".."}], "tools": [..]}
// Other fields are left alone, but for "seed" (generate: in place of --seed for this line).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/dim.h"
#include "cli/text_encoder.h"

namespace lapidary::cli {

struct PromptLine {
  int64_t number = 0;        // in its file, from 1; 0 for --prompt
  std::string what;          // for messages: "FILE line 3"
  std::vector<int64_t> ids;  // at least one, all in the vocabulary
  std::optional<uint64_t> seed = {};
};

struct PromptRules {
  Dim vocab_size = 0;
  Dim max_tokens = 0;           // the model's positions, less one where a token is to come
  bool texts_are_chat = false;  // a text is what the user says in a conversation
  GenerationPrompt generation_prompt = GenerationPrompt::kNo;
};

// Every line is read and checked before anything is computed. Throws Error{kInvalidArgument} or
// Error{kCorrupt} that names the first line that cannot be used, and Error{kInvalidArgument} when
// there is no line at all. path "-" is standard input.
std::vector<PromptLine> read_prompt_lines(const std::string& path, TextEncoder& encoder,
                                          const PromptRules& rules);

// One prompt from the command line.
PromptLine prompt_from_text(const std::string& text, TextEncoder& encoder,
                            const PromptRules& rules);

}  // namespace lapidary::cli
