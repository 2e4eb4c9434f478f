// The run: collect a rollout, train on it, record, evaluate and save at their intervals, until the
// last rollout or an interrupt. What it works with is made by the caller (cli/train.cc).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "loop/checkpoint_series.h"
#include "loop/evaluation.h"
#include "loop/group_collector.h"
#include "loop/policy_trainer.h"
#include "loop/run_recorder.h"
#include "loop/sample_making.h"

namespace lapidary::loop {

struct TrainingRunOptions {
  int64_t num_rollouts = 0;
  int64_t save_interval = 0;  // 0: at the end only
  int64_t eval_interval = 0;  // 0: never
  bool evaluates_first = true;
  bool saves_trainer = true;                // --no-save-optim clears it
  std::optional<int64_t> keep_checkpoints;  // newest ones; none: all
  std::string keep_best;                    // evaluation set; "": none
  int64_t ref_update_interval = 0;          // 0: never
  bool masks_older_weights = false;         // --mask-offpolicy-in-partial-rollout
  FiguresOptions figures;
};

struct TrainingRunParts {
  const model::Gemma4Model& model;
  const model::OpenedWeights& source;  // the checkpoint that was loaded
  rollout::Engine& engine;
  const Environment& environment;
  const PromptSet& prompts;
  rl::PromptSource& prompt_source;
  GroupCollector& collector;
  PolicyTrainer* trainer;  // nullptr: rollouts only
  Evaluator* evaluator;    // nullptr: no evaluation
  const std::vector<EvaluationSet>& evaluation_sets;
  const CheckpointSeries* checkpoints;  // nullptr: nothing is saved
  RunRecorder& recorder;
  observe::ProgressOptions progress;
};

class TrainingRun {
 public:
  // All parts outlive the object.
  TrainingRun(TrainingRunParts parts, TrainingRunOptions options);

  // Continues a run: what run_state() of a checkpoint holds. The trainer is restored by the caller.
  void restore(const Json& state, const std::string& what);

  // Until the last rollout is done, or `is_interrupted` says so after one: then the run is saved.
  void run(const std::function<bool()>& is_interrupted);

  int64_t num_done() const { return num_done_; }

 private:
  struct Phases;  // where the time of a step went
  void step();
  void train(std::vector<rl::Sample>& samples, observe::MetricRow& row, Phases& phases);
  void record_rollout(const Collection& collection, const std::vector<rl::Sample>& samples);
  bool is_evaluation_due() const;
  void evaluate();
  void save();
  Json state() const;
  void note_best();
  void say_step(const observe::MetricRow& row, const Phases& phases) const;

  TrainingRunParts parts_;
  TrainingRunOptions options_;
  int64_t num_done_ = 0;
  std::optional<int64_t> saved_;  // the iteration of the last checkpoint
  std::optional<int64_t> evaluated_;
  double best_candidate_ = 0.0;  // accuracy of keep_best at `evaluated_`
  std::optional<int64_t> best_iteration_;
  double best_score_ = 0.0;
};

}  // namespace lapidary::loop
