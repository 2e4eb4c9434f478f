// Conversations to learn from (SFT): JSON lines {"messages": [..], "tools"?: [..]}, and which bytes
// of their rendering the assistant wrote.
//
// Worked example. The line
//   {"messages": [{"role": "user", "content": "2+3?"}, {"role": "assistant", "content": "5"}]}
// is rendered "<bos><|turn>user\n2+3?<turn|>\n<|turn>model\n5<turn|>\n"; what the assistant wrote
// is "5<turn|>".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/dim.h"
#include "base/json.h"
#include "tokenizer/chat_template.h"

namespace lapidary::rl {

struct Chat {
  Json messages;  // [at least one assistant]
  Json tools;     // null, or a list of declarations
  Dim row = 0;    // line number in the file, from 1
};

struct ChatFileOptions {
  std::string path;  // a row slice as in parse_prompt_path is allowed
  std::string messages_key = "messages";
  std::string tools_key = "tools";  // of a row; absent or null: none
};

// Errors as those of read_prompts, and kInvalidArgument for a conversation without an assistant.
std::vector<Chat> read_chats(const ChatFileOptions& options);

struct RenderedChat {
  std::string text;
  // What the assistant wrote, in order and disjoint, as byte ranges of the text.
  std::vector<tokenizer::GenerationSpan> spans;
};

// Where the template has {% generation %} blocks, those are the spans, as transformers has them
// (apply_chat_template(return_assistant_tokens_mask=True)). Where it has none: the turn of each
// assistant message is what its rendering adds to the messages before it, behind the header that a
// generation prompt writes and without the white space at its end; once the user has gone on, where
// that shows it differently. `variables` are the template's
// (bos_token, ..). Throws what the template throws, and Error{kUnsupported} for a template without
// blocks that shows a turn differently once others follow.
RenderedChat render_chat(const tokenizer::ChatTemplate& chat, const Json& messages,
                         const Json& tools, const Json& variables);

}  // namespace lapidary::rl
