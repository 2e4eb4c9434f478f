#include "cli/rollout_setup.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "cli/model_loading.h"
#include "cli/text_encoder.h"
#include "loop/python_tools.h"
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

std::unique_ptr<sandbox::PythonWorkers> make_workers(const RolloutPlan& plan) {
  if (plan.step_function.empty() && plan.reward.kind != RewardPlan::Kind::kCustom) return nullptr;
  sandbox::PythonWorkersOptions options;
  options.python = plan.python;
  return sandbox::PythonWorkers::create(std::move(options));
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
    : decoder_(model),
      engine_(decoder_, engine_options(plan, decoder_, num_answers)),
      workers_(make_workers(plan)),
      rewards_(make_reward(plan.reward, workers_.get())) {
  if (!plan.step_function.empty()) {
    tools_ = std::make_unique<loop::PythonTools>(
        *workers_, std::map<std::string, std::string>{{rl::kCustomStep, plan.step_function}},
        nullptr, "--custom-generate-function-path");
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
