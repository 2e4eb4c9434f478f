#include "loop/environment.h"

#include <array>

#include "base/check.h"
#include "rl/data/prompt_tokens.h"
#include "rl/env/custom_episode.h"
#include "rl/env/native_episode.h"
#include "rl/env/retool.h"
#include "rl/env/single_turn.h"

namespace lapidary::loop {
namespace {

struct NamedKind {
  const char* name;
  EnvironmentKind kind;
};
constexpr std::array<NamedKind, 4> kNames = {{{"math", EnvironmentKind::kSingleTurn},
                                              {"single-turn", EnvironmentKind::kSingleTurn},
                                              {"retool", EnvironmentKind::kRetoolGemma},
                                              {"retool-native", EnvironmentKind::kRetoolNative}}};
constexpr std::array<NamedKind, 2> kPaths = {
    {{"generate_with_retool.generate", EnvironmentKind::kRetool},
     {"generate_with_retool_gemma4.generate", EnvironmentKind::kRetoolGemma}}};

template <size_t count>
std::string names_of(const std::array<NamedKind, count>& known) {
  std::vector<std::string> names;
  for (const NamedKind& each : known) names.emplace_back(each.name);
  return join(names);
}

rl::PromptForm prompt_form(EnvironmentKind kind) {
  switch (kind) {
    case EnvironmentKind::kRetool:
      return rl::PromptForm::kRetoolChatml;
    case EnvironmentKind::kRetoolGemma:
      return rl::PromptForm::kRetoolChat;
    case EnvironmentKind::kRetoolNative:
      return rl::PromptForm::kNativeTools;
    case EnvironmentKind::kSingleTurn:
    case EnvironmentKind::kCustom:
      break;
  }
  return rl::PromptForm::kPlain;
}

std::vector<int64_t> encode(const tokenizer::Tokenizer& tokenizer, const std::string& text) {
  const std::vector<int32_t> ids = tokenizer.encode(text, tokenizer::SpecialTokens::kNone);
  return {ids.begin(), ids.end()};
}

// A model may have rows beyond the tokenizer's vocabulary; they have no text.
std::string decode_ids(const tokenizer::Tokenizer& tokenizer, std::span<const int64_t> ids,
                       tokenizer::SkipSpecial skip_special) {
  std::vector<int32_t> known;
  for (const int64_t id : ids) {
    if (id >= 0 && id < tokenizer.vocab_size()) known.push_back(static_cast<int32_t>(id));
  }
  return tokenizer.decode(known, skip_special);
}

}  // namespace

std::string known_environment_paths() {
  return names_of(kPaths);
}

EnvironmentChoice parse_environment(const std::string& name, const std::string& function_path) {
  if (!name.empty() && !function_path.empty()) {
    fail(ErrorKind::kInvalidArgument,
         "--environment and --custom-generate-function-path name the same thing; give one");
  }
  for (const NamedKind& each : kNames) {
    if (name == each.name) return {each.kind, ""};
  }
  if (!name.empty()) {
    fail(ErrorKind::kInvalidArgument, "--environment ", quoted(name), " is none of ",
         names_of(kNames));
  }
  for (const NamedKind& each : kPaths) {
    if (function_path == each.name) return {each.kind, ""};
  }
  if (!function_path.empty()) return {EnvironmentKind::kCustom, function_path};
  return {};
}

Environment::Environment(EnvironmentOptions options, tokenizer::Tokenizer tokenizer,
                         std::optional<tokenizer::ChatTemplate> chat, Json special_tokens)
    : options_(std::move(options)),
      tokenizer_(std::move(tokenizer)),
      chat_(std::move(chat)),
      variables_(std::move(special_tokens)),
      tools_(rl::run_tools(nullptr)) {
  const bool needs_template = options_.is_chat_template_applied ||
                              options_.kind == EnvironmentKind::kRetoolGemma ||
                              options_.kind == EnvironmentKind::kRetoolNative;
  if (needs_template && !chat_) {
    fail(ErrorKind::kNotFound,
         "the checkpoint has no chat template (chat_template.jinja, or chat_template in "
         "tokenizer_config.json), which the prompts need");
  }
  variables_.update(options_.template_variables);
  if (options_.kind == EnvironmentKind::kRetoolNative) {
    native_.emplace(*chat_, rl::NativeToolOptions{tools_, variables_});
  }
}

std::vector<int64_t> Environment::prompt_tokens(const rl::Prompt& prompt,
                                                const std::string& file) const {
  rl::PromptTokensOptions options;
  options.form = prompt_form(options_.kind);
  const bool is_rendered =
      options.form != rl::PromptForm::kPlain || options_.is_chat_template_applied;
  if (is_rendered && chat_) options.chat = &*chat_;
  options.variables = variables_;
  return rl::prompt_tokens(prompt, options, codec(), file);
}

std::string Environment::stop_marker() const {
  return native_ ? native_->stop_marker() : std::string();
}

std::unique_ptr<rl::Episode> Environment::make_episode(std::vector<int64_t> prompt_tokens,
                                                       const rl::Prompt& prompt) const {
  rl::RetoolOptions retool;
  switch (options_.kind) {
    case EnvironmentKind::kSingleTurn:
      return std::make_unique<rl::SingleTurnEpisode>(std::move(prompt_tokens), options_.limits,
                                                     codec());
    case EnvironmentKind::kRetoolNative:
      return std::make_unique<rl::NativeToolEpisode>(std::move(prompt_tokens), options_.limits,
                                                     codec(), *native_, tools_);
    case EnvironmentKind::kCustom:
      return std::make_unique<rl::CustomEpisode>(std::move(prompt_tokens), options_.limits, codec(),
                                                 prompt);
    case EnvironmentKind::kRetool:
      break;
    case EnvironmentKind::kRetoolGemma:
      retool.variant = rl::RetoolOptions::Variant::kGemma4;
      break;
  }
  return std::make_unique<rl::RetoolEpisode>(std::move(prompt_tokens), options_.limits, codec(),
                                             retool);
}

std::string Environment::decode(std::span<const int64_t> ids,
                                tokenizer::SkipSpecial skip_special) const {
  return decode_ids(tokenizer_, ids, skip_special);
}

rl::TextCodec Environment::codec() const {
  return {[tokenizer = tokenizer_](const std::string& text) { return encode(tokenizer, text); },
          [tokenizer = tokenizer_](std::span<const int64_t> ids) {
            return decode_ids(tokenizer, ids, tokenizer::SkipSpecial::kNo);
          }};
}

}  // namespace lapidary::loop
