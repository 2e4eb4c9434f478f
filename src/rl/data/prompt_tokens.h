// A prompt as the tokens that a rollout begins with: the one place where rows of data, the chat
// template and the environment's own texts meet.
//
// Worked example. Content "What is 2+3?" and PromptForm::kNativeTools with the template of Gemma 4
// are the tokens of
//   <bos><|turn>system\n<|tool>declaration:code_interpreter{..}<tool|><turn|>\n
//   <|turn>user\nWhat is 2+3?<turn|>\n<|turn>model\n<|channel>thought\n<channel|>
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rl/env/episode.h"
#include "rl/record/prompt.h"
#include "tokenizer/chat_template.h"

namespace lapidary::rl {

enum class PromptForm {
  kPlain,         // as it is, or through the template where one is given (--apply-chat-template)
  kRetoolChatml,  // generate_with_retool: ChatML around the text
  kRetoolChat,    // generate_with_retool_gemma4: its system text, through the template
  kNativeTools,   // retool-native: tools declared by the template
};

struct PromptTokensOptions {
  PromptForm form = PromptForm::kPlain;
  const tokenizer::ChatTemplate* chat = nullptr;  // kRetoolChat and kNativeTools need it
  // Of the template: bos_token and its like, --apply-chat-template-kwargs. kRetoolChat adds
  // enable_thinking = true where they do not name it.
  Json variables = Json::object();
  Json tools;  // null: code_interpreter. kPlain declares what the row has (--tool-key) instead.
  Dim max_tokens = 0;  // more is an error; 0: no limit
};

// `file` names the data in messages. Throws Error with file and row: kInvalidArgument for a prompt
// that the form or the template refuses, for one without tokens or with more than max_tokens;
// kNotFound where a template is needed and there is none.
std::vector<int64_t> prompt_tokens(const Prompt& prompt, const PromptTokensOptions& options,
                                   const TextCodec& codec, const std::string& file);

// The tools of a run, the default in place of null.
Json run_tools(const Json& tools);

}  // namespace lapidary::rl
