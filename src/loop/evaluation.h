// Evaluation: every prompt of a set is answered n times, and scored.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "loop/prompt_set.h"
#include "loop/reward_desk.h"
#include "loop/rollout_worker.h"
#include "observe/progress.h"
#include "rl/metrics/statistics.h"

namespace lapidary::loop {

struct EvaluationSet {
  std::string name;
  PromptSet prompts;
};

struct EvaluationOptions {
  WorkerOptions worker;  // sampling of the answers; the seed is mixed with the set's name
  RewardDeskOptions rewards;
  Dim samples_per_prompt = 1;
};

struct EvaluationResult {
  std::string name;
  double score = 0.0;     // mean of the rewards
  double accuracy = 0.0;  // mean of their "acc" where they have one, else the share of reward 1
  rl::NamedValues pass_rates;  // pass@1, pass@2, ..: none for one answer a prompt
  Dim num_prompts = 0;
  Dim num_answers = 0;
  Dim num_failed = 0;  // without a reward
  double truncated_ratio = 0.0;
  rl::Statistics response_len;  // tokens of the model
  double seconds = 0.0;
  std::vector<Json> records;  // one a trajectory: trajectory_record.h

  // eval/NAME, eval/NAME-truncated_ratio, eval/NAME/response_len/mean, eval/NAME-pass@k, ..
  rl::NamedValues metrics() const;
  // {"score", "acc", "pass@k" .., "num", "truncated_ratio", "response_len"}
  Json to_json() const;
};

class Evaluator {
 public:
  // All outlive the object. The environment may have other limits than that of the rollouts.
  Evaluator(rollout::Engine& engine, const Environment& environment, ToolRunner* tools,
            RewardFunction& rewards, EvaluationOptions options);

  // `number` goes into the records: rollouts done before.
  EvaluationResult run(const EvaluationSet& set, int64_t number,
                       const observe::ProgressOptions& progress);

 private:
  std::vector<EndedTrajectory> answer(const EvaluationSet& set,
                                      const observe::ProgressOptions& progress);

  rollout::Engine& engine_;
  const Environment& environment_;
  ToolRunner* tools_;
  RewardFunction& rewards_;
  EvaluationOptions options_;
};

}  // namespace lapidary::loop
