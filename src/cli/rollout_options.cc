#include "cli/rollout_options.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "loop/custom_reward.h"
#include "loop/remote_reward.h"
#include "model/gemma4/generation_config.h"
#include "rl/reward/rule_reward.h"

namespace lapidary::cli {
namespace {

constexpr std::array<const char*, 3> kRetoolRewards = {
    "generate_with_retool.reward_func", "generate_with_retool_gemma4.reward_func", "retool"};

// --eval-X where it is given, else --rollout-X.
const Json& either(const FlagSet& flags, const std::string& first, const std::string& otherwise) {
  return flags.has(first) ? flags.value(first) : flags.value(otherwise);
}

Dim int_or(const Json& value, Dim otherwise) {
  return value.is_null() ? otherwise : value.get<Dim>();
}

struct LengthFlags {
  const char* response;
  const char* context;
  const char* prompt;
};

// Prompt, answer and context have to fit into one another and into the model.
void set_lengths(const FlagSet& flags, const LengthFlags& names, Dim positions, AnswerPlan& plan) {
  rl::EpisodeLimits& limits = plan.environment.limits;
  const Json& context = either(flags, names.context, "--rollout-max-context-len");
  limits.max_context_tokens = int_or(context, positions);
  if (limits.max_context_tokens < 2 || limits.max_context_tokens > positions) {
    fail(ErrorKind::kInvalidArgument, names.context, " is ", limits.max_context_tokens,
         "; the model has ", positions, " positions, and at least 2 are needed");
  }
  const Json& response = either(flags, names.response, "--rollout-max-response-len");
  limits.max_response_tokens = int_or(response, 0);
  if (!response.is_null() && limits.max_response_tokens < 1) {
    fail(ErrorKind::kInvalidArgument, names.response, " is ", limits.max_response_tokens,
         "; at least 1 is needed");
  }
  if (limits.max_response_tokens > limits.max_context_tokens) {
    fail(ErrorKind::kInvalidArgument, names.response, " is ", limits.max_response_tokens,
         " and the context holds ", limits.max_context_tokens, " tokens, the prompt included (",
         context.is_null() ? "the model's positions" : names.context,
         "); an answer cannot be longer than the context");
  }
  const Json& prompt = either(flags, names.prompt, "--rollout-max-prompt-len");
  plan.max_prompt_tokens =
      std::min(int_or(prompt, limits.max_context_tokens - 1), limits.max_context_tokens - 1);
  if (plan.max_prompt_tokens < 1) {
    fail(ErrorKind::kInvalidArgument, names.prompt, " is ", plan.max_prompt_tokens,
         "; at least 1 is needed");
  }
}

std::vector<int64_t> stop_ids(const FlagSet& flags, const model::Gemma4Config& config,
                              const model::GenerationConfig& suggested) {
  std::vector<int64_t> out =
      suggested.eos_token_ids.empty() ? config.eos_token_ids : suggested.eos_token_ids;
  if (flags.has("--rollout-stop-token-ids")) {
    for (const Json& each : flags.value("--rollout-stop-token-ids")) {
      out.push_back(each.get<int64_t>());
    }
  }
  return out;
}

void set_sampling(const FlagSet& flags, const model::Gemma4Config& config, AnswerPlan& rollout,
                  AnswerPlan& evaluation) {
  rollout::SamplingOptions& train = rollout.worker.sampling;
  train.temperature = flags.get_double("--rollout-temperature");
  train.top_p = flags.get_double("--rollout-top-p");
  train.top_k = flags.get_int("--rollout-top-k");
  train.seed = static_cast<uint64_t>(flags.get_int("--rollout-seed"));
  if (train.temperature <= 0.0) {
    fail(ErrorKind::kInvalidArgument, "--rollout-temperature is ", train.temperature,
         "; it must be above 0 (greedy answers are all alike; --eval-temperature may be 0)");
  }
  rollout::SamplingOptions& eval = evaluation.worker.sampling;
  eval = train;
  eval.temperature = either(flags, "--eval-temperature", "--rollout-temperature").get<double>();
  eval.top_p = either(flags, "--eval-top-p", "--rollout-top-p").get<double>();
  eval.top_k = either(flags, "--eval-top-k", "--rollout-top-k").get<Dim>();
  rollout::validate(train, config.vocab_size);
  rollout::validate(eval, config.vocab_size);
}

RewardPlan reward_plan(const FlagSet& flags) {
  RewardPlan out;
  const std::string path = flags.get_string("--custom-rm-path");
  out.type = flags.get_string("--rm-type");
  if (!path.empty()) {
    const auto* const known = std::find(kRetoolRewards.begin(), kRetoolRewards.end(), path);
    out.kind = RewardPlan::Kind::kRetool;
    if (known == kRetoolRewards.end()) {
      if (path.find('.') == std::string::npos) {
        fail(ErrorKind::kInvalidArgument, "--custom-rm-path ", quoted(path),
             " is neither MODULE.FUNCTION of yours nor a built-in; there are ",
             join(std::vector<std::string>(kRetoolRewards.begin(), kRetoolRewards.end())));
      }
      out.kind = RewardPlan::Kind::kCustom;
      out.function = path;
    }
  } else if (out.type == "remote_rm") {
    out.kind = RewardPlan::Kind::kRemote;
    out.url = flags.get_string("--rm-url");
    if (out.url.empty()) {
      fail(ErrorKind::kInvalidArgument, "--rm-type remote_rm asks a server; give --rm-url");
    }
    loop::parse_http_url(out.url);
  } else if (out.type.empty()) {
    fail(ErrorKind::kInvalidArgument,
         "no reward: give --rm-type (dapo, math, deepscaler, gpqa, f1, random, remote_rm) or "
         "--custom-rm-path (generate_with_retool.reward_func, or MODULE.FUNCTION of yours)");
  } else {
    rl::RewardRequest probe;  // an unknown type is an error now, not after the first rollout
    probe.type = out.type;
    probe.label = "1";
    rl::rule_reward(probe);
  }
  return out;
}

void check_reward_key(const RewardPlan& reward, const std::string& key) {
  const bool is_known_only_later =
      reward.kind == RewardPlan::Kind::kRemote || reward.kind == RewardPlan::Kind::kCustom;
  if (is_known_only_later) return;
  rl::RewardRequest probe;
  probe.type = reward.type;
  probe.label = "1";
  const bool is_object =
      reward.kind == RewardPlan::Kind::kRetool || rl::rule_reward(probe).is_object();
  if (is_object && key.empty()) {
    fail(ErrorKind::kInvalidArgument,
         "this reward is an object {\"score\", \"acc\", \"pred\"}; say which field is the score: "
         "--reward-key score");
  }
}

rl::PromptFileOptions prompt_file(const FlagSet& flags, const std::string& path) {
  rl::PromptFileOptions out;
  out.path = path;
  out.prompt_key = flags.get_string("--input-key");
  if (flags.has("--label-key")) out.label_key = flags.get_string("--label-key");
  out.metadata_key = flags.get_string("--metadata-key");
  if (flags.is_set("--tool-key")) out.tool_key = flags.get_string("--tool-key");
  return out;
}

std::vector<EvaluationFile> evaluation_files(const FlagSet& flags) {
  const std::vector<std::string> words = flags.get_strings("--eval-prompt-data");
  if (words.size() % 2 != 0) {
    fail(ErrorKind::kInvalidArgument, "--eval-prompt-data takes pairs of a name and a path, found ",
         words.size(), " values");
  }
  std::vector<EvaluationFile> out;
  for (size_t i = 0; i < words.size(); i += 2) {
    EvaluationFile file{words[i], prompt_file(flags, words[i + 1])};
    if (flags.has("--eval-input-key")) {
      file.prompts.prompt_key = flags.get_string("--eval-input-key");
    }
    if (flags.has("--eval-label-key")) {
      file.prompts.label_key = flags.get_string("--eval-label-key");
    }
    if (flags.has("--eval-tool-key")) file.prompts.tool_key = flags.get_string("--eval-tool-key");
    for (const EvaluationFile& other : out) {
      if (other.name != file.name) continue;
      fail(ErrorKind::kInvalidArgument, "--eval-prompt-data names ", quoted(file.name), " twice");
    }
    out.push_back(std::move(file));
  }
  return out;
}

sandbox::SandboxOptions sandbox_options(const FlagSet& flags) {
  sandbox::SandboxOptions out;
  out.kind = sandbox::parse_sandbox_kind(flags.get_string("--sandbox"));
  out.concurrency = static_cast<int>(flags.get_int("--tool-concurrency"));
  const double seconds = flags.get_double("--tool-timeout");
  if (!(seconds > 0.0 && seconds < 1e6)) {
    fail(ErrorKind::kInvalidArgument, "--tool-timeout is ", seconds,
         "; it is in seconds and must be above 0");
  }
  out.limits.wall_ms = static_cast<int64_t>(seconds * 1000.0);
  out.limits.cpu_ms = out.limits.wall_ms;
  out.limits.memory_bytes = flags.get_int("--tool-memory-mb") << 20;
  out.python = flags.get_string("--python");
  return out;
}

Dim positive(const FlagSet& flags, const std::string& name) {
  const Dim value = flags.get_int(name);
  if (value < 1) {
    fail(ErrorKind::kInvalidArgument, name, " is ", value, "; at least 1 is needed");
  }
  return value;
}

// The user's own functions load, or it is said now.
void check_functions(const RolloutPlan& plan) {
  if (plan.step_function.empty() && plan.reward.function.empty()) return;
  sandbox::PythonWorkersOptions options;
  options.python = plan.python;
  options.workers = 1;
  const auto workers = sandbox::PythonWorkers::create(std::move(options));
  try {
    if (!plan.step_function.empty()) {
      workers->require(plan.step_function, "--custom-generate-function-path");
    }
    if (!plan.reward.function.empty()) {
      workers->require(plan.reward.function, "--custom-rm-path");
    }
  } catch (const Error& error) {
    fail(error.kind(), error.what(),
         "; built in are generate_with_retool.generate, generate_with_retool_gemma4.generate, ",
         "and as rewards ",
         join(std::vector<std::string>(kRetoolRewards.begin(), kRetoolRewards.end())));
  }
}

}  // namespace

RolloutPlan rollout_plan(const FlagSet& flags, const model::Gemma4Config& config,
                         const std::string& folder) {
  RolloutPlan out;
  loop::EnvironmentOptions environment;
  environment.kind = loop::parse_environment(flags.get_string("--environment"),
                                             flags.get_string("--custom-generate-function-path"));
  environment.is_chat_template_applied = flags.get_bool("--apply-chat-template");
  environment.template_variables = flags.value("--apply-chat-template-kwargs");
  environment.limits.max_turns = positive(flags, "--max-turns");
  environment.limits.max_tool_calls = positive(flags, "--max-tool-calls");
  out.rollout.environment = environment;
  out.evaluation.environment = environment;
  const Dim positions = config.max_position_embeddings;
  set_lengths(
      flags,
      {"--rollout-max-response-len", "--rollout-max-context-len", "--rollout-max-prompt-len"},
      positions, out.rollout);
  set_lengths(flags, {"--eval-max-response-len", "--eval-max-context-len", "--eval-max-prompt-len"},
              positions, out.evaluation);
  set_sampling(flags, config, out.rollout, out.evaluation);
  const auto suggested = model::GenerationConfig::read(folder);
  for (AnswerPlan* plan : {&out.rollout, &out.evaluation}) {
    plan->worker.stop_ids = stop_ids(flags, config, suggested);
    plan->worker.stops = flags.get_strings("--rollout-stop");
    plan->reward_key = flags.get_string("--reward-key");
  }
  out.rollout.worker.waits_for_tools =
      flags.get_bool("--deterministic-mode") && flags.get_bool("--partial-rollout");
  for (const int64_t id : suggested.suppress_tokens) {
    if (id >= 0 && id < config.vocab_size) {
      out.evaluation.worker.sampling.suppressed_ids.push_back(id);
    }
  }
  if (flags.has("--eval-reward-key")) {
    out.evaluation.reward_key = flags.get_string("--eval-reward-key");
  }
  out.reward = reward_plan(flags);
  check_reward_key(out.reward, out.rollout.reward_key);
  out.sandbox = sandbox_options(flags);
  out.python = flags.get_string("--python");
  if (environment.kind == loop::EnvironmentKind::kCustom) {
    out.step_function = flags.get_string("--custom-generate-function-path");
  }
  out.max_running = positive(flags, "--max-running-requests");
  out.evaluation_files = evaluation_files(flags);
  out.samples_per_eval_prompt = positive(flags, "--n-samples-per-eval-prompt");
  out.skips_special_text = flags.get_bool("--rollout-skip-special-tokens");
  out.seed = static_cast<uint64_t>(flags.get_int("--rollout-seed"));
  check_functions(out);
  return out;
}

std::string dtype_flag(const FlagSet& flags) {
  const std::string dtype = flags.get_string("--dtype");
  if (!flags.get_bool("--bf16")) return dtype;
  if (dtype == "float32") {
    fail(ErrorKind::kInvalidArgument, "--bf16 and --dtype float32 contradict each other");
  }
  return "bfloat16";
}

std::unique_ptr<loop::RewardFunction> make_reward(const RewardPlan& plan,
                                                  sandbox::PythonWorkers* workers) {
  switch (plan.kind) {
    case RewardPlan::Kind::kRule:
      return std::make_unique<loop::RuleReward>(plan.type);
    case RewardPlan::Kind::kRetool:
      return std::make_unique<loop::RetoolReward>();
    case RewardPlan::Kind::kRemote: {
      loop::RemoteRewardOptions options;
      options.url = plan.url;
      return std::make_unique<loop::RemoteReward>(std::move(options));
    }
    case RewardPlan::Kind::kCustom:
      LAPIDARY_CHECK(workers != nullptr, "a reward of the user's needs workers");
      return std::make_unique<loop::CustomReward>(*workers, plan.function);
  }
  fail(ErrorKind::kInternal, "no such reward: ", static_cast<int>(plan.kind));
}

}  // namespace lapidary::cli
