// Which environment a run has: how a prompt becomes tokens, and the episode that follows.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "rl/data/prompt_tokens.h"
#include "rl/env/episode.h"
#include "rl/env/native_tools.h"
#include "rl/record/prompt.h"
#include "tokenizer/chat_template.h"
#include "tokenizer/tokenizer.h"

namespace lapidary::loop {

enum class EnvironmentKind {
  kSingleTurn,    // one question, one answer
  kRetool,        // the reference's retool example: ChatML around the prompt
  kRetoolGemma,   // its Gemma variant: the checkpoint's chat template, thinking on
  kRetoolNative,  // tools declared and called in the model's own notation
  kCustom,        // the user's own step function says what follows a turn
};

// --environment ("math", "retool": the Gemma variant, "retool-native") and
// --custom-generate-function-path (the reference's built-in paths; any other MODULE.FUNCTION is
// kCustom); "" for none. Throws Error{kInvalidArgument} that lists them.
EnvironmentKind parse_environment(const std::string& name, const std::string& function_path);

struct EnvironmentOptions {
  EnvironmentKind kind = EnvironmentKind::kSingleTurn;
  rl::EpisodeLimits limits;
  bool is_chat_template_applied = false;  // --apply-chat-template
  Json template_variables = Json::object();
};

class Environment {
 public:
  // `chat` may be absent where no prompt needs it. `special_tokens` are template variables too
  // (bos_token, ..).
  Environment(EnvironmentOptions options, tokenizer::Tokenizer tokenizer,
              std::optional<tokenizer::ChatTemplate> chat, Json special_tokens);

  // `file` names the data in messages. Throws Error{kInvalidArgument} with file and row for a
  // prompt that the environment or the template refuses, and for one without tokens.
  std::vector<int64_t> prompt_tokens(const rl::Prompt& prompt, const std::string& file) const;
  // `prompt` is what a custom environment gets to see; others need none.
  std::unique_ptr<rl::Episode> make_episode(std::vector<int64_t> prompt_tokens,
                                            const rl::Prompt* prompt = nullptr) const;

  bool has_tools() const { return options_.kind != EnvironmentKind::kSingleTurn; }
  // "" or the text at which the model stops to have its calls answered: it ends a turn.
  std::string stop_marker() const { return texts_ ? texts_->stop_marker() : std::string(); }
  const rl::EpisodeLimits& limits() const { return options_.limits; }
  const tokenizer::Tokenizer& tokenizer() const { return tokenizer_; }
  std::string decode(std::span<const int64_t> ids,
                     tokenizer::SkipSpecial skip_special = tokenizer::SkipSpecial::kNo) const;

 private:
  rl::PromptTokensOptions prompt_options() const;
  rl::TextCodec codec() const;

  EnvironmentOptions options_;
  tokenizer::Tokenizer tokenizer_;
  std::optional<tokenizer::ChatTemplate> chat_;
  Json special_tokens_;
  Json tools_;                                          // of kRetoolNative
  std::unique_ptr<const rl::ToolResponseTexts> texts_;  // of kRetoolNative
};

}  // namespace lapidary::loop
