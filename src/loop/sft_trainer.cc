#include "loop/sft_trainer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <chrono>
#include <utility>

#include "base/check.h"
#include "loop/micro_batch.h"
#include "loop/non_finite.h"
#include "loop/sample_check.h"
#include "loop/training_step.h"

namespace lapidary::loop {

namespace {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

TrainingStep only_step(const std::vector<rl::Sample>& samples, const BatchOptions& batch,
                       const rl::ModelShape& shape) {
  const rl::Schedule schedule = make_schedule(samples, batch, shape);
  std::vector<TrainingStep> steps = steps_of(schedule);
  if (steps.size() != 1 || !schedule.dropped.empty()) {
    fail(ErrorKind::kInvalidArgument, "a step takes --global-batch-size ", batch.global_batch_size,
         " samples, found ", samples.size());
  }
  return std::move(steps.front());
}

// Minus the weighted sum of the log-probs of the trained tokens.
at::Tensor cross_entropy(const MicroBatch& batch, const at::Tensor& log_probs,
                         const LossInputs& inputs) {
  return (log_probs * inputs.weights(batch)).sum().neg();
}

}  // namespace

SftTrainer::SftTrainer(model::Gemma4Model model, SftTrainerOptions options)
    : model_(std::move(model)),
      options_(std::move(options)),
      shape_(model_shape(model_.config())),
      update_(train::select_parameters(model_, options_.parameters), options_.update) {
  validate(options_.batch);
}

observe::MetricRow SftTrainer::train_step(const std::vector<rl::Sample>& samples) {
  check_samples(samples, model_);
  const TrainingStep step = only_step(samples, options_.batch, shape_);
  const LossInputs inputs(samples, step, options_.reduction);
  observe::MetricRow row(update_.num_steps());
  std::optional<observe::Progress> progress;
  if (options_.progress) {
    progress.emplace("Training", static_cast<int64_t>(step.micro_batches.size()), "micro-batches",
                     *options_.progress);
  }
  const double begin = seconds_now();
  at::Tensor loss = at::zeros({}, at::TensorOptions().dtype(at::kFloat).device(model_.device()));
  const train::GradientScope scope(update_);
  for (const std::vector<Dim>& members : step.micro_batches) {
    MicroBatch batch(samples, members, Selection::kTrained, model_.device());
    if (progress) progress->add(1);
    if (batch.num_selected() == 0) continue;
    const HeadSettings head{.temperature = 1.0, .chunk_tokens = options_.batch.head_chunk_tokens};
    const at::Tensor part = cross_entropy(
        batch, batch.log_probs(model_, head, options_.batch.recompute).log_prob, inputs);
    part.backward();
    update_.add_gradients();
    loss = loss + part.detach();
  }
  const train::UpdateResult result = update_.end(loss);
  if (progress) progress->finish();
  const double seconds = seconds_now() - begin;

  row.set("train/loss", result.loss);
  row.set("train/grad_norm", result.grad_norm);
  row.set("train/lr-pg_0", result.lr);
  row.set("train/global_batch_size", static_cast<double>(step.global_batch_size));
  row.set("train/skipped_steps", static_cast<double>(update_.num_skipped()));
  double flops = 0.0, tokens = 0.0;
  for (const rl::Sample& sample : samples) {
    flops += 3.0 * rl::forward_flops(shape_, sample.total_length());
    tokens += static_cast<double>(sample.total_length());
  }
  row.set("perf/actor_train_time", seconds);
  row.set("perf/actor_train_tokens", tokens);
  row.set("perf/actor_train_tok_per_s", tokens / seconds);
  row.set("perf/actor_train_tflops", flops / seconds / 1e12);
  if (!result.is_applied) {
    report_non_finite({options_.non_finite, options_.dump_folder}, update_.num_steps() - 1, result,
                      samples, step.members);
  }
  return row;
}

double SftTrainer::loss(const std::vector<rl::Sample>& samples) const {
  const c10::NoGradGuard no_grad;
  check_samples(samples, model_);
  const TrainingStep step = only_step(samples, options_.batch, shape_);
  const LossInputs inputs(samples, step, options_.reduction);
  double sum = 0.0;
  for (const std::vector<Dim>& members : step.micro_batches) {
    MicroBatch batch(samples, members, Selection::kTrained, model_.device());
    if (batch.num_selected() == 0) continue;
    const HeadSettings head{.temperature = 1.0, .chunk_tokens = options_.batch.head_chunk_tokens};
    const at::Tensor log_probs = batch.log_probs(model_, head, model::Recompute::kNone).log_prob;
    sum += cross_entropy(batch, log_probs, inputs).item().toDouble();
  }
  return sum;
}

}  // namespace lapidary::loop
