#include "loop/policy_trainer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <utility>

#include "base/check.h"
#include "checkpoint/hf_checkpoint.h"
#include "checkpoint/save_hf.h"
#include "loop/advantages.h"
#include "loop/micro_batch.h"
#include "loop/non_finite.h"
#include "loop/sample_check.h"
#include "loop/training_step.h"

namespace lapidary::loop {

namespace {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Sums over micro-batches on the device; nothing waits for them before the end of the step.
class MetricSums {
 public:
  void add(const std::vector<std::pair<std::string, at::Tensor>>& metrics) {
    for (const auto& [name, value] : metrics) {
      const auto [found, is_new] = index_.emplace(name, sums_.size());
      if (is_new) {
        sums_.emplace_back(name, value);
      } else {
        sums_[found->second].second = sums_[found->second].second + value;
      }
    }
  }
  // A step without a trained token has the loss 0.
  at::Tensor loss() const {
    const auto found = index_.find("loss");
    return found == index_.end() ? at::zeros({}, at::kFloat) : sums_[found->second].second;
  }
  void show(observe::MetricRow& row) const {
    for (const auto& [name, sum] : sums_) row.set("train/" + name, sum.item().toDouble());
  }

 private:
  std::vector<std::pair<std::string, at::Tensor>> sums_;
  std::map<std::string, size_t> index_;
};

PolicyTrainerOptions with_one_estimator(PolicyTrainerOptions options) {
  options.group_rewards.estimator = options.loss.estimator;
  options.advantages.estimator = options.loss.estimator;
  const bool has_kl_loss = options.loss.kl_loss_coef != 0 || options.always_makes_reference_pass;
  if (!has_kl_loss) options.loss.kl_kind.reset();
  return options;
}

std::string reference_folder(const std::string& folder) {
  return folder + "/reference";
}

bool has_engine_log_probs(const std::vector<rl::Sample>& samples) {
  for (const rl::Sample& sample : samples) {
    if (!sample.rollout_log_probs.empty()) return true;
  }
  return false;
}

}  // namespace

void validate(const PolicyTrainerOptions& options) {
  rl::validate(options.loss);
  validate(options.batch);
  train::validate(options.update);
  if (!(options.temperature > 0)) {
    fail(ErrorKind::kInvalidArgument, "--rollout-temperature is ", options.temperature,
         "; training needs a temperature above 0");
  }
  if (options.loss.estimator == rl::Estimator::kPpo) {
    fail(ErrorKind::kUnsupported,
         "--advantage-estimator ppo needs a critic, which this version does not have");
  }
  if (options.loss.kl_loss_coef != 0 && !options.loss.kl_kind) {
    fail(ErrorKind::kInvalidArgument, "--kl-loss-coef is ", options.loss.kl_loss_coef,
         ", but without --use-kl-loss it has no effect; give both or neither");
  }
  if (options.loss.kl_loss_coef != 0 && options.advantages.kl_coef != 0) {
    fail(ErrorKind::kInvalidArgument,
         "--kl-coef and --kl-loss-coef exclude each other: the KL counts once, in the reward or in "
         "the loss");
  }
  const bool is_reinforce = options.loss.estimator == rl::Estimator::kReinforcePlusPlus ||
                            options.loss.estimator == rl::Estimator::kReinforcePlusPlusBaseline;
  if (is_reinforce && !options.whitens_advantages) {
    fail(ErrorKind::kInvalidArgument, "--advantage-estimator ",
         rl::to_string(options.loss.estimator), " needs --normalize-advantages");
  }
}

bool PolicyTrainer::needs_reference(const PolicyTrainerOptions& options) {
  return options.advantages.kl_coef != 0 || options.always_makes_reference_pass ||
         (options.loss.kl_kind && options.loss.kl_loss_coef != 0);
}

PolicyTrainer::PolicyTrainer(model::Gemma4Model model, std::optional<model::Gemma4Model> reference,
                             PolicyTrainerOptions options)
    : model_(std::move(model)),
      reference_(std::move(reference)),
      options_(with_one_estimator(std::move(options))),
      shape_(model_shape(model_.config())),
      update_(train::select_parameters(model_, options_.parameters), options_.update) {
  validate(options_);
  LAPIDARY_CHECK(reference_ || !needs_reference(options_), "these options need a reference model");
}

std::vector<std::vector<float>> PolicyTrainer::pass(const model::Gemma4Model& model,
                                                    std::span<const rl::Sample> samples,
                                                    const std::string& title) const {
  const c10::NoGradGuard no_grad;
  std::vector<std::vector<float>> out(samples.size());
  const std::vector<std::vector<Dim>> batches = passes_without_gradient(samples, options_.batch);
  std::optional<observe::Progress> progress;
  if (options_.progress) {
    progress.emplace(title, static_cast<int64_t>(batches.size()), "micro-batches",
                     *options_.progress);
  }
  for (const std::vector<Dim>& members : batches) {
    MicroBatch batch(samples, members, Selection::kResponse, model.device());
    at::Tensor found = at::empty({0}, at::kFloat);
    if (batch.num_selected() > 0) {
      found = batch
                  .log_probs(model,
                             {.temperature = options_.temperature,
                              .chunk_tokens = options_.batch.head_chunk_tokens},
                             model::Recompute::kNone)
                  .log_prob;
    }
    std::vector<std::vector<float>> rows = batch.scatter(found);
    for (size_t i = 0; i < members.size(); ++i)
      out[static_cast<size_t>(members[i])] = std::move(rows[i]);
    if (progress) progress->add(1);
  }
  if (progress) progress->finish();
  return out;
}

std::vector<std::vector<float>> PolicyTrainer::log_probs(
    const std::vector<rl::Sample>& samples) const {
  check_samples(samples, model_);
  return pass(model_, samples, "Log-probs");
}

void PolicyTrainer::make_passes(std::vector<rl::Sample>& samples, bool has_several_steps,
                                TrainReport& report) const {
  const auto make = [&](const model::Gemma4Model& model, const std::string& title,
                        std::vector<float> rl::Sample::*list) {
    const double begin = seconds_now();
    std::vector<std::vector<float>> found = pass(model, samples, title);
    for (size_t i = 0; i < samples.size(); ++i) samples[i].*list = std::move(found[i]);
    return seconds_now() - begin;
  };
  for (rl::Sample& sample : samples) {
    sample.old_log_probs.clear();
    sample.ref_log_probs.clear();
  }
  const bool has_old_pass =
      options_.always_makes_old_pass || (!options_.loss.uses_rollout_log_probs &&
                                         (has_several_steps || options_.advantages.kl_coef != 0));
  report.perf.emplace_back(
      "perf/log_probs_time",
      has_old_pass ? make(model_, "Old log-probs", &rl::Sample::old_log_probs) : 0.0);
  report.perf.emplace_back("perf/ref_log_probs_time", needs_reference(options_)
                                                          ? make(*reference_, "Reference log-probs",
                                                                 &rl::Sample::ref_log_probs)
                                                          : 0.0);
}

TrainReport PolicyTrainer::train(std::vector<rl::Sample>& samples) {
  check_samples(samples, model_);
  const bool uses_engine = options_.loss.mismatch || options_.loss.uses_rollout_log_probs;
  if (uses_engine && !has_engine_log_probs(samples)) {
    fail(ErrorKind::kInvalidArgument,
         "--use-tis, --get-mismatch-metrics and --use-rollout-logprobs need the engine's "
         "log-probs, which these samples do not have");
  }
  const rl::Schedule schedule = make_schedule(samples, options_.batch, shape_);
  const std::vector<TrainingStep> steps = steps_of(schedule);
  TrainReport report;
  report.dropped = schedule.dropped;
  make_passes(samples, steps.size() > 1, report);
  report.rollout =
      set_advantages(samples, {.group_rewards = options_.group_rewards,
                               .advantages = options_.advantages,
                               .is_whitened = options_.whitens_advantages,
                               .uses_rollout_log_probs = options_.loss.uses_rollout_log_probs});

  std::optional<observe::Progress> progress;
  if (options_.progress) {
    int64_t total = 0;
    for (const TrainingStep& step : steps) total += static_cast<int64_t>(step.micro_batches.size());
    progress.emplace("Training", total, "micro-batches", *options_.progress);
  }
  const double begin = seconds_now();
  double flops = 0.0, tokens = 0.0;
  for (const TrainingStep& step : steps) {
    report.steps.push_back(train_step(samples, step, progress ? &*progress : nullptr));
    for (const Dim member : step.members) {
      const Dim length = samples[static_cast<size_t>(member)].total_length();
      flops += 3.0 * rl::forward_flops(shape_, length);
      tokens += static_cast<double>(length);
    }
  }
  if (progress) progress->finish();
  const double seconds = seconds_now() - begin;
  report.perf.emplace_back("perf/actor_train_time", seconds);
  report.perf.emplace_back("perf/actor_train_tokens", tokens);
  report.perf.emplace_back("perf/actor_train_tok_per_s", tokens / seconds);
  report.perf.emplace_back("perf/actor_train_tflops", flops / seconds / 1e12);
  return report;
}

observe::MetricRow PolicyTrainer::train_step(std::vector<rl::Sample>& samples,
                                             const TrainingStep& step,
                                             observe::Progress* progress) {
  const bool has_old = is_any_known(samples, step.members, &rl::Sample::old_log_probs);
  const LossInputs inputs(samples, step, options_.reduction);
  observe::MetricRow row(update_.num_steps());
  MetricSums sums;
  std::vector<std::pair<MicroBatch, at::Tensor>> current;  // where the old log-probs are those
  const train::GradientScope scope(update_);
  for (const std::vector<Dim>& members : step.micro_batches) {
    MicroBatch batch(samples, members, Selection::kTrained, model_.device());
    if (progress != nullptr) progress->add(1);
    if (batch.num_selected() == 0) continue;
    const ops::TokenLogProbs found = batch.log_probs(
        model_,
        {.temperature = options_.temperature, .chunk_tokens = options_.batch.head_chunk_tokens},
        options_.batch.recompute);
    const rl::PolicyLoss loss = rl::policy_loss(inputs.policy(batch, found), options_.loss);
    loss.loss.backward();
    update_.add_gradients();
    sums.add(loss.metrics);
    if (!has_old) current.emplace_back(std::move(batch), found.log_prob.detach());
  }
  const train::UpdateResult result = update_.end(sums.loss());
  for (const auto& [batch, log_probs] : current) {
    std::vector<std::vector<float>> rows = batch.scatter(log_probs);
    for (size_t i = 0; i < rows.size(); ++i)
      samples[static_cast<size_t>(batch.members()[i])].old_log_probs = std::move(rows[i]);
  }
  sums.show(row);
  row.set("train/grad_norm", result.grad_norm);
  row.set("train/lr-pg_0", result.lr);
  row.set("train/global_batch_size", static_cast<double>(step.global_batch_size));
  row.set("train/skipped_steps", static_cast<double>(update_.num_skipped()));
  if (!result.is_applied) {
    report_non_finite({options_.non_finite, options_.dump_folder}, update_.num_steps() - 1, result,
                      samples, step.members);
  }
  return row;
}

void PolicyTrainer::update_reference() {
  const c10::NoGradGuard no_grad;
  LAPIDARY_CHECK(reference_.has_value(), "there is no reference to update");
  for (size_t i = 0; i < model_.parameters().size(); ++i)
    reference_->parameters()[i].value().copy_(model_.parameters()[i].value());
  is_reference_updated_ = true;
}

void PolicyTrainer::save(const std::string& folder) const {
  update_.save(folder);
  if (!is_reference_updated_) return;
  std::filesystem::create_directory(reference_folder(folder));
  checkpoint::write_hf_weights(reference_folder(folder), reference_->named_tensors(), {});
}

void PolicyTrainer::restore(const std::string& folder) {
  update_.restore(folder);
  if (!reference_ || !std::filesystem::exists(reference_folder(folder))) return;
  const auto files = checkpoint::HfCheckpoint::open(reference_folder(folder));
  const std::vector<checkpoint::NamedTensor> tensors = reference_->named_tensors();
  for (const checkpoint::NamedTensor& named : tensors) files->load_into(named.name, named.tensor);
  is_reference_updated_ = true;
}

}  // namespace lapidary::loop
