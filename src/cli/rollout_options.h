// The rollout part of the flags of train and eval: checked, and as the loop takes it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/flag_set.h"
#include "loop/environment.h"
#include "loop/group_collector.h"
#include "loop/reward_function.h"
#include "loop/training_run.h"
#include "model/gemma4/config.h"
#include "rl/data/prompt_file.h"
#include "sandbox/python_workers.h"
#include "sandbox/sandbox.h"

namespace lapidary::cli {

// How answers are made: rollouts and evaluation have one each.
struct AnswerPlan {
  loop::EnvironmentOptions environment;
  loop::WorkerOptions worker;
  Dim max_prompt_tokens = 0;
  std::string reward_key;
};

struct EvaluationFile {
  std::string name;
  rl::PromptFileOptions prompts;
};

struct RewardPlan {
  enum class Kind { kRule, kRetool, kRemote, kCustom };
  Kind kind = Kind::kRule;
  std::string type;      // of kRule
  std::string url;       // of kRemote
  std::string function;  // of kCustom
};

struct RolloutPlan {
  AnswerPlan rollout;
  AnswerPlan evaluation;
  RewardPlan reward;
  sandbox::SandboxOptions sandbox;
  std::string step_function;  // of a custom environment
  std::string python;         // of the user's own functions
  Dim max_running = 0;
  std::vector<EvaluationFile> evaluation_files;
  Dim samples_per_eval_prompt = 1;
  bool skips_special_text = false;  // in what rewards read
  uint64_t seed = 0;
};

// What evaluation needs too. `folder` is the checkpoint whose generation_config.json names the stop
// ids. Throws Error{kInvalidArgument} that lists all that cannot be meant.
RolloutPlan rollout_plan(const FlagSet& flags, const model::Gemma4Config& config,
                         const std::string& folder);

// What a training run has besides.
struct TrainingPlan {
  rl::PromptFileOptions prompts;
  rl::PromptSourceOptions source;
  loop::CollectorOptions collector;
  loop::TrainingRunOptions run;  // num_rollouts is 0 where epochs are counted
  int64_t num_epochs = 0;
  Dim global_batch_size = 0;  // samples of one optimizer step
};
TrainingPlan training_plan(const FlagSet& flags, const RolloutPlan& rollout);

// `workers` run the user's own function; needed by kCustom alone, and outlive the result.
std::unique_ptr<loop::RewardFunction> make_reward(const RewardPlan& plan,
                                                  sandbox::PythonWorkers* workers);

// --dtype, or --bf16 as another word for it; "" for neither.
std::string dtype_flag(const FlagSet& flags);

// Flags that the table knows as used and this version has no code for: Error{kInvalidArgument} when
// one is set. Nothing is ignored in silence.
void refuse_what_is_to_come(const FlagSet& flags);

}  // namespace lapidary::cli
