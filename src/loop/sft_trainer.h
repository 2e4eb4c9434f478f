// Learns to write what samples hold: masked cross-entropy over packed sequences, with the same
// optimizer, schedule and micro-batches as the trainer of a policy.
//
//   SftTrainer trainer(model, options);
//   const observe::MetricRow row = trainer.train_step(samples);   // one optimizer step
//
// Worked example. Two samples whose trained tokens have the log-probs {-1, -3} and {-5}: the loss
// is 3 for each token alike (kPerToken, as transformers), or 3.5 for each sample alike.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "loop/batch_options.h"
#include "model/gemma4/model.h"
#include "observe/metric_row.h"
#include "observe/progress.h"
#include "rl/loss/reduction.h"
#include "rl/record/sample.h"
#include "train/parameter_selection.h"
#include "train/weight_update.h"

namespace lapidary::loop {

struct SftTrainerOptions {
  rl::Reduction reduction = rl::Reduction::kPerToken;  // --calculate-per-token-loss
  BatchOptions batch;           // global_batch_size: what a step of kPerRollout is divided by
  train::UpdateOptions update;  // --lr*, --adam-*, --clip-grad
  train::ParameterPatterns parameters;                  // --freeze-params-name-list, ..
  NonFinitePolicy non_finite = NonFinitePolicy::kStop;  // --non-finite
  std::string dump_folder = ".";  // where the batch of a step that is not finite is written
  std::optional<observe::ProgressOptions> progress;  // by micro-batch; none: silent
};

class SftTrainer {
 public:
  // `model` shares its weights with the caller's. Throws Error{kInvalidArgument}.
  SftTrainer(model::Gemma4Model model, SftTrainerOptions options);

  // One step over batch.global_batch_size samples with tokens, response_length, loss_mask and
  // rollout_id (its own for each). The row holds train/loss, grad_norm, lr-pg_0,
  // global_batch_size, skipped_steps, and perf/actor_train_time, actor_train_tokens,
  // actor_train_tok_per_s, actor_train_tflops. Throws as PolicyTrainer::train().
  observe::MetricRow train_step(const std::vector<rl::Sample>& samples);

  // The loss of the same samples without a step.
  double loss(const std::vector<rl::Sample>& samples) const;

  int64_t num_steps() const { return update_.num_steps(); }

  // As PolicyTrainer's.
  void save(const std::string& folder) const { update_.save(folder); }
  void restore(const std::string& folder) { update_.restore(folder); }

 private:
  model::Gemma4Model model_;
  SftTrainerOptions options_;
  rl::ModelShape shape_;
  train::WeightUpdate update_;
};

}  // namespace lapidary::loop
