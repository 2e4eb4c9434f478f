// Turns the samples of a rollout into new weights: rewards -> advantages -> packed micro-batches ->
// log-probs -> policy loss -> backward -> optimizer, in place in the weights that the engine
// generates with.
//
//   PolicyTrainer trainer(model, reference, options);        // reference: std::nullopt for none
//   TrainReport report = trainer.train(samples);             // one rollout; advances the weights
//   for (const observe::MetricRow& row : report.steps) sink.write(row);
//   trainer.save(staged.path() + "/train_state");            // inside a folder that appears whole
//   trainer.restore("run/iter_0000010/train_state");         // after loading its weights
//
// Passes are made only where their result is not known already: old log-probs when a rollout takes
// more than one optimizer step, reference log-probs when a coefficient uses them or they are asked
// for. Log-probs are those of the engine (the same kernels, the same definition), so that
// train/train_rollout_logprob_abs_diff is what the two differ by. Not thread-safe; the engine must
// not run during train().
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "loop/batch_options.h"
#include "model/gemma4/model.h"
#include "observe/metric_row.h"
#include "observe/progress.h"
#include "rl/advantage/group_rewards.h"
#include "rl/advantage/token_advantages.h"
#include "rl/loss/policy_loss.h"
#include "rl/loss/reduction.h"
#include "rl/metrics/statistics.h"
#include "rl/record/sample.h"
#include "train/parameter_selection.h"
#include "train/weight_update.h"

namespace lapidary::loop {

struct PolicyTrainerOptions {
  // --advantage-estimator is the estimator of all three; the constructor sets it from the loss.
  rl::PolicyLossOptions loss;  // --eps-clip*, --use-kl-loss, --entropy-coef, --use-tis, ..
  rl::GroupRewardOptions group_rewards;                  // --disable-grpo-std-normalization, ..
  rl::AdvantageOptions advantages;                       // --kl-coef, --gamma, --lambd
  bool whitens_advantages = false;                       // --normalize-advantages
  rl::Reduction reduction = rl::Reduction::kPerRollout;  // --calculate-per-token-loss
  double temperature = 1.0;                              // --rollout-temperature
  BatchOptions batch;
  train::UpdateOptions update;                          // --lr*, --adam-*, --clip-grad
  train::ParameterPatterns parameters;                  // --freeze-params-name-list, ..
  NonFinitePolicy non_finite = NonFinitePolicy::kStop;  // --non-finite
  std::string dump_folder = ".";  // where the batch of a step that is not finite is written
  // Old log-probs by a pass of their own also when one step makes them equal to the current ones.
  bool always_makes_old_pass = false;
  // Reference log-probs also at coefficient 0: --use-kl-loss asks for the metric so.
  bool always_makes_reference_pass = false;
  std::optional<observe::ProgressOptions> progress;  // by micro-batch; none: silent
};
// All that contradicts itself, in one Error{kInvalidArgument} that names the flags.
void validate(const PolicyTrainerOptions& options);

struct TrainReport {
  // One for each optimizer step, numbered on through the run from 0. train/loss, pg_loss,
  // entropy_loss, pg_clipfrac, ppo_kl, train_rollout_logprob_abs_diff, kl_loss, ois, tis, ..,
  // grad_norm, lr-pg_0, global_batch_size, skipped_steps (of the whole run).
  std::vector<observe::MetricRow> steps;
  // Of the whole rollout, slime's names: rollout/raw_reward, rewards, response_lengths,
  // total_lengths, log_probs, ref_log_probs, rollout_log_probs, advantages, returns, kl.
  rl::NamedValues rollout;
  // perf/log_probs_time, perf/ref_log_probs_time (0 where no pass was made), perf/actor_train_time,
  // perf/actor_train_tokens, perf/actor_train_tok_per_s, perf/actor_train_tflops.
  rl::NamedValues perf;
  // Samples that belong to no step, since their number does not fill one; by index.
  std::vector<Dim> dropped;
};

struct TrainingStep;

class PolicyTrainer {
 public:
  // `model` shares its weights with the caller's: train() changes them in place. `reference` has
  // weights of its own; needed when options use one. Throws Error{kInvalidArgument} as validate().
  PolicyTrainer(model::Gemma4Model model, std::optional<model::Gemma4Model> reference,
                PolicyTrainerOptions options);

  // Whether these options need a reference model: a KL loss, or a KL coefficient in the reward that
  // is not 0.
  static bool needs_reference(const PolicyTrainerOptions& options);

  // `samples` need tokens, response_length, loss_mask, reward, rollout_id, group_id, and
  // rollout_log_probs of the engine where they are known (all or none). Filled in, for records:
  // advantages, old_log_probs, ref_log_probs (empty without a reference pass). Throws
  // Error{kInvalidArgument} for samples that contradict themselves or do not fill a step, and
  // Error{kCorrupt} for a step that is not finite (NonFinitePolicy::kStop); steps of the same
  // rollout before that one have been made.
  TrainReport train(std::vector<rl::Sample>& samples);

  // [response] of each sample, of the current weights; no gradient.
  std::vector<std::vector<float>> log_probs(const std::vector<rl::Sample>& samples) const;

  // The reference becomes a copy of the current weights (--ref-update-interval). Needs a reference.
  void update_reference();

  int64_t num_steps() const { return update_.num_steps(); }
  const model::Gemma4Model& model() const { return model_; }

  // Optimizer (moments, fp32 master weights, step), and the reference once it was updated, into
  // `folder`, which must exist and be one that is renamed when it is whole
  // (checkpoint/staged_folder.h). The weights themselves are saved by the caller.
  void save(const std::string& folder) const;
  // Throws Error{kNotFound, kCorrupt}, and Error{kInvalidArgument} when the state is of another set
  // of parameters. Continues bit for bit.
  void restore(const std::string& folder);

 private:
  std::vector<std::vector<float>> pass(const model::Gemma4Model& model,
                                       std::span<const rl::Sample> samples,
                                       const std::string& title) const;
  void make_passes(std::vector<rl::Sample>& samples, bool has_several_steps,
                   TrainReport& report) const;
  observe::MetricRow train_step(std::vector<rl::Sample>& samples, const TrainingStep& step,
                                observe::Progress* progress);

  model::Gemma4Model model_;
  std::optional<model::Gemma4Model> reference_;
  PolicyTrainerOptions options_;
  rl::ModelShape shape_;
  train::WeightUpdate update_;
  bool is_reference_updated_ = false;
};

}  // namespace lapidary::loop
