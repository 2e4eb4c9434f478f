#include "rl/data/prompt_text.h"

#include "base/check.h"

namespace lapidary::rl {

std::string prompt_text(const Prompt& prompt, const PromptTextOptions& options,
                        const std::string& file) {
  if (options.chat == nullptr) {
    if (prompt.is_messages()) {
      fail(ErrorKind::kInvalidArgument, file, ":", prompt.row,
           ": the prompt is a list of messages; add --apply-chat-template, or an environment that "
           "takes messages (--custom-generate-function-path)");
    }
    return prompt.content.get<std::string>();
  }
  const Json messages = prompt.is_messages()
                            ? prompt.content
                            : Json::array({Json{{"role", "user"}, {"content", prompt.content}}});
  tokenizer::ContextOptions context;
  context.add_generation_prompt = true;
  context.variables = options.variables;
  try {
    return options.chat->render(tokenizer::template_context(messages, prompt.tools, context));
  } catch (const Error& error) {
    throw error.with_context(cat(file, ":", prompt.row));
  }
}

}  // namespace lapidary::rl
