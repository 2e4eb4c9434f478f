// A prompt as the text that is tokenised.
//
// Worked example. Content [{"role": "user", "content": "Hi"}] with --apply-chat-template and
// Gemma's template: "<bos><|turn>user\nHi<turn|>\n<|turn>model\n". A text without the flag is taken
// as it is.
#pragma once

#include <string>

#include "rl/record/prompt.h"
#include "tokenizer/chat_template.h"

namespace lapidary::rl {

struct PromptTextOptions {
  const tokenizer::ChatTemplate* chat = nullptr;  // --apply-chat-template with the checkpoint's
  Json variables = Json::object();                // --apply-chat-template-kwargs, bos_token, ...
};

// `file` names the data in messages. Throws Error{kInvalidArgument} with file and row for a list of
// messages without a template, and for a prompt that the template refuses.
std::string prompt_text(const Prompt& prompt, const PromptTextOptions& options,
                        const std::string& file);

}  // namespace lapidary::rl
