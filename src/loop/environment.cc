#include "loop/environment.h"

#include <algorithm>
#include <array>

#include "base/check.h"
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
EnvironmentKind find_kind(const std::array<NamedKind, count>& known, const std::string& name,
                          const char* flag) {
  std::vector<std::string> names;
  for (const NamedKind& each : known) {
    if (name == each.name) return each.kind;
    names.emplace_back(each.name);
  }
  fail(ErrorKind::kInvalidArgument, flag, " ", quoted(name), " is no built-in; there are ",
       join(names));
}

// MODULE.FUNCTION, the module perhaps in packages.
bool is_python_path(std::string_view path) {
  const size_t dot = path.rfind('.');
  return dot != std::string_view::npos && dot > 0 && dot + 1 < path.size() &&
         path.find_first_of(" /:") == std::string_view::npos;
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

EnvironmentKind parse_environment(const std::string& name, const std::string& function_path) {
  if (!name.empty() && !function_path.empty()) {
    fail(ErrorKind::kInvalidArgument,
         "--environment and --custom-generate-function-path name the same thing; give one");
  }
  if (!name.empty()) return find_kind(kNames, name, "--environment");
  if (!function_path.empty()) {
    const bool is_built_in = std::any_of(kPaths.begin(), kPaths.end(), [&](const NamedKind& each) {
      return function_path == each.name;
    });
    if (!is_built_in && is_python_path(function_path)) return EnvironmentKind::kCustom;
    return find_kind(kPaths, function_path, "--custom-generate-function-path");
  }
  return EnvironmentKind::kSingleTurn;
}

Environment::Environment(EnvironmentOptions options, tokenizer::Tokenizer tokenizer,
                         std::optional<tokenizer::ChatTemplate> chat, Json special_tokens)
    : options_(std::move(options)),
      tokenizer_(std::move(tokenizer)),
      chat_(std::move(chat)),
      special_tokens_(std::move(special_tokens)) {
  const bool needs_template = options_.is_chat_template_applied ||
                              options_.kind == EnvironmentKind::kRetoolGemma ||
                              options_.kind == EnvironmentKind::kRetoolNative;
  if (needs_template && !chat_) {
    fail(ErrorKind::kNotFound,
         "the checkpoint has no chat template (chat_template.jinja, or chat_template in "
         "tokenizer_config.json), which the prompts need");
  }
  if (options_.kind == EnvironmentKind::kRetoolNative) {
    tools_ = rl::run_tools(nullptr);
    texts_ = std::make_unique<rl::ToolResponseTexts>(
        *chat_, rl::NativeToolOptions{tools_, prompt_options().variables});
  }
}

rl::PromptTokensOptions Environment::prompt_options() const {
  rl::PromptTokensOptions out;
  out.variables = special_tokens_;
  out.variables.update(options_.template_variables);
  const bool needs_template = options_.kind == EnvironmentKind::kRetoolGemma ||
                              options_.kind == EnvironmentKind::kRetoolNative;
  if (needs_template || options_.is_chat_template_applied) out.chat = chat_ ? &*chat_ : nullptr;
  out.form = options_.kind == EnvironmentKind::kRetool         ? rl::PromptForm::kRetoolChatml
             : options_.kind == EnvironmentKind::kRetoolGemma  ? rl::PromptForm::kRetoolChat
             : options_.kind == EnvironmentKind::kRetoolNative ? rl::PromptForm::kNativeTools
                                                               : rl::PromptForm::kPlain;
  return out;
}

std::vector<int64_t> Environment::prompt_tokens(const rl::Prompt& prompt,
                                                const std::string& file) const {
  return rl::prompt_tokens(prompt, prompt_options(), codec(), file);
}

std::unique_ptr<rl::Episode> Environment::make_episode(std::vector<int64_t> prompt_tokens,
                                                       const rl::Prompt* prompt) const {
  if (options_.kind == EnvironmentKind::kSingleTurn) {
    return std::make_unique<rl::SingleTurnEpisode>(std::move(prompt_tokens), options_.limits,
                                                   codec());
  }
  if (options_.kind == EnvironmentKind::kRetoolNative) {
    return std::make_unique<rl::NativeToolEpisode>(std::move(prompt_tokens), options_.limits,
                                                   codec(), *texts_, tools_);
  }
  if (options_.kind == EnvironmentKind::kCustom) {
    return std::make_unique<rl::CustomEpisode>(std::move(prompt_tokens), options_.limits, codec(),
                                               prompt != nullptr ? *prompt : rl::Prompt{});
  }
  rl::RetoolOptions retool;
  retool.variant = options_.kind == EnvironmentKind::kRetool ? rl::RetoolOptions::Variant::kStock
                                                             : rl::RetoolOptions::Variant::kGemma4;
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
