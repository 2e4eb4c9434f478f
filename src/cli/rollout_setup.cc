#include "cli/rollout_setup.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "cli/model_loading.h"
#include "cli/text_encoder.h"
#include "loop/custom_reward.h"
#include "loop/python_tools.h"
#include "loop/remote_reward.h"
#include "rl/env/custom_episode.h"
#include "rollout/engine_plan.h"

namespace lapidary::cli {
namespace {

rollout::EngineOptions engine_options(const RolloutPlan& plan, const rollout::Decoder& decoder,
                                      Dim num_answers) {
  const Dim tokens = std::max(plan.rollout.environment.limits.max_context_tokens,
                              plan.evaluation.environment.limits.max_context_tokens);
  return rollout::plan_engine(decoder,
                              {.num_answers = num_answers,
                               .max_sequence_tokens = tokens,
                               .max_running = plan.max_running,
                               .memory_bytes = available_memory_bytes(decoder.device()) / 2});
}

}  // namespace

std::unique_ptr<loop::Environment> make_environment(const loop::EnvironmentOptions& options,
                                                    const std::string& folder) {
  return std::make_unique<loop::Environment>(options, tokenizer::Tokenizer::load(folder),
                                             tokenizer::ChatTemplate::load(folder),
                                             read_special_tokens(folder));
}

std::vector<loop::EvaluationSet> load_evaluation_sets(const RolloutPlan& plan,
                                                      const loop::Environment& environment) {
  std::vector<loop::EvaluationSet> out;
  for (const EvaluationFile& file : plan.evaluation_files) {
    out.push_back({file.name, loop::load_prompts(file.prompts, environment,
                                                 plan.evaluation.max_prompt_tokens)});
  }
  return out;
}

RolloutSetup::RolloutSetup(const RolloutPlan& plan, const model::Gemma4Model& model,
                           Dim num_answers)
    : decoder_(model), engine_(decoder_, engine_options(plan, decoder_, num_answers)) {
  if (plan.reward.kind == RewardPlan::Kind::kCustom || !plan.step_function.empty()) {
    workers_ = sandbox::PythonWorkers::create({.python = plan.python, .python_path = {}});
  }
  make_rewards(plan.reward);
  make_tools(plan);
}

void RolloutSetup::make_rewards(const RewardPlan& plan) {
  switch (plan.kind) {
    case RewardPlan::Kind::kRule:
      rewards_ = std::make_unique<loop::RuleReward>(plan.type);
      return;
    case RewardPlan::Kind::kRetool:
      rewards_ = std::make_unique<loop::RetoolReward>();
      return;
    case RewardPlan::Kind::kRemote:
      rewards_ = std::make_unique<loop::RemoteReward>(
          loop::RemoteRewardOptions{.url = plan.url, .http = {}});
      return;
    case RewardPlan::Kind::kCustom:
      break;
  }
  try {
    rewards_ = std::make_unique<loop::CustomReward>(*workers_, plan.function);
  } catch (const Error& error) {
    throw error.with_context(cat("--custom-rm-path is none of the built-ins (",
                                 known_reward_paths(), ") and cannot be used"));
  }
}

void RolloutSetup::make_tools(const RolloutPlan& plan) {
  if (!plan.step_function.empty()) {
    try {
      tools_ = std::make_unique<loop::PythonTools>(
          *workers_, std::map<std::string, std::string>{{rl::kCustomStep, plan.step_function}},
          nullptr, "--custom-generate-function-path");
    } catch (const Error& error) {
      throw error.with_context(cat("--custom-generate-function-path is none of the built-ins (",
                                   loop::known_environment_paths(), ") and cannot be used"));
    }
    return;
  }
  if (plan.rollout.environment.kind == loop::EnvironmentKind::kSingleTurn) return;
  sandbox_ = sandbox::PythonSandbox::create(plan.sandbox);
  log_info("tools: " + sandbox_->description());
  tools_ = std::make_unique<loop::InterpreterTool>(*sandbox_, sandbox::ToolWording::kPlain);
}

loop::EvaluationOptions evaluation_options(const RolloutPlan& plan) {
  loop::EvaluationOptions out;
  out.worker = plan.evaluation.worker;
  out.rewards.reward_key = plan.evaluation.reward_key;
  out.rewards.is_special_text_skipped = plan.skips_special_text;
  out.rewards.seed = plan.seed;
  out.samples_per_prompt = plan.samples_per_eval_prompt;
  return out;
}

}  // namespace lapidary::cli
