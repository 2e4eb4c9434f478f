// The things that rollouts and evaluation are made with, from a plan and a checkpoint.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/rollout_options.h"
#include "loop/evaluation.h"
#include "rollout/engine.h"
#include "rollout/gemma4_decoder.h"

namespace lapidary::cli {

// Prompts, tokenised by the checkpoint in `folder`.
std::unique_ptr<loop::Environment> make_environment(const loop::EnvironmentOptions& options,
                                                    const std::string& folder);
std::vector<loop::EvaluationSet> load_evaluation_sets(const RolloutPlan& plan,
                                                      const loop::Environment& environment);

// Engine and tools. Reads the model's own weights.
class RolloutSetup {
 public:
  // Throws Error{kNotFound, kUnsupported} where the sandbox cannot run, kExhausted where the cache
  // has no room.
  RolloutSetup(const RolloutPlan& plan, const model::Gemma4Model& model, Dim num_answers);

  rollout::Engine& engine() { return engine_; }
  loop::ToolRunner* tools() { return tools_.get(); }  // nullptr for an environment without
  loop::RewardFunction& rewards() { return *rewards_; }

 private:
  rollout::Gemma4Decoder decoder_;
  rollout::Engine engine_;
  std::unique_ptr<sandbox::PythonSandbox> sandbox_;
  std::unique_ptr<sandbox::PythonWorkers> workers_;  // of the user's own functions; or nullptr
  std::unique_ptr<loop::ToolRunner> tools_;
  std::unique_ptr<loop::RewardFunction> rewards_;
};

loop::EvaluationOptions evaluation_options(const RolloutPlan& plan);

}  // namespace lapidary::cli
