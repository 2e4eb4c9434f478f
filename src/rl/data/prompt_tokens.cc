#include "rl/data/prompt_tokens.h"

#include "base/check.h"
#include "rl/data/prompt_text.h"
#include "rl/env/native_tools.h"
#include "rl/env/retool.h"

namespace lapidary::rl {

namespace {

std::string retool_chat_text(const Prompt& prompt, const PromptTokensOptions& options,
                             const std::string& file) {
  Prompt rendered = prompt;
  rendered.content = retool_messages(prompt.content, run_tools(options.tools));
  rendered.tools = nullptr;
  PromptTextOptions text;
  text.chat = options.chat;
  text.variables = options.variables;
  if (!text.variables.contains("enable_thinking")) {
    text.variables["enable_thinking"] = true;
  }
  return prompt_text(rendered, text, file);
}

std::string text_of(const Prompt& prompt, const PromptTokensOptions& options,
                    const std::string& file) {
  const bool needs_template =
      options.form == PromptForm::kRetoolChat || options.form == PromptForm::kNativeTools;
  if (needs_template && options.chat == nullptr) {
    fail(ErrorKind::kNotFound,
         "the checkpoint has no chat template (chat_template.jinja, or chat_template in "
         "tokenizer_config.json), which the environment needs");
  }
  switch (options.form) {
    case PromptForm::kPlain:
      return prompt_text(prompt, {options.chat, options.variables}, file);
    case PromptForm::kRetoolChatml:
      return retool_chatml(prompt.content, run_tools(options.tools));
    case PromptForm::kRetoolChat:
      return retool_chat_text(prompt, options, file);
    case PromptForm::kNativeTools:
      return native_tool_prompt(*options.chat, prompt.content,
                                {run_tools(options.tools), options.variables});
  }
  return "";
}

}  // namespace

Json run_tools(const Json& tools) {
  return tools.is_null() ? Json::array({code_interpreter_declaration()}) : tools;
}

std::vector<int64_t> prompt_tokens(const Prompt& prompt, const PromptTokensOptions& options,
                                   const TextCodec& codec, const std::string& file) {
  const std::string place = cat(file, ":", prompt.row);
  std::vector<int64_t> tokens;
  try {
    tokens = codec.encode(text_of(prompt, options, file));
  } catch (const Error& error) {
    const bool is_placed = std::string_view(error.what()).find(place) != std::string_view::npos;
    throw is_placed ? error : error.with_context(place);
  }
  if (tokens.empty()) {
    fail(ErrorKind::kInvalidArgument, place, ": the prompt has no tokens");
  }
  const auto count = static_cast<Dim>(tokens.size());
  if (options.max_tokens > 0 && count > options.max_tokens) {
    fail(ErrorKind::kInvalidArgument, place, ": the prompt has ", count, " tokens, allowed are ",
         options.max_tokens,
         "; raise --rollout-max-prompt-len or --rollout-max-context-len, or leave the row out");
  }
  return tokens;
}

}  // namespace lapidary::rl
