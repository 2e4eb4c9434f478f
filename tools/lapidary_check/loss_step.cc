#include "lapidary_check/loss_step.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "base/check.h"
#include "lapidary_check/case_values.h"

namespace lapidary::check {

namespace {

rl::PolicyLossOptions loss_options(const JsonObject& flags) {
  rl::PolicyLossOptions options;
  options.estimator = rl::estimator_from_name(flags.get_string("advantage_estimator"));
  options.eps_clip = flags.get_double("eps_clip");
  options.eps_clip_high = flags.get_double_or("eps_clip_high", options.eps_clip);
  if (flags.has("eps_clip_c")) {
    options.eps_clip_c = flags.get_double("eps_clip_c");
  }
  if (flags.get_bool_or("use_kl_loss", false)) {
    options.kl_kind = rl::kl_kind_from_name(flags.get_string("kl_loss_type"));
    options.kl_loss_coef = flags.get_double("kl_loss_coef");
    options.is_kl_unbiased = flags.get_bool_or("use_unbiased_kl", false);
  }
  options.entropy_coef = flags.get_double_or("entropy_coef", 0.0);
  if (flags.get_bool_or("use_tis", false)) {
    rl::MismatchOptions mismatch;
    mismatch.low = flags.get_double("tis_clip_low");
    mismatch.high = flags.get_double("tis_clip");
    if (flags.get_string_or("custom_tis", "") == "icepop") {
      mismatch.bound = rl::MismatchBound::kMask;
    }
    options.mismatch = mismatch;
  }
  if (flags.get_bool_or("use_opsm", false)) {
    options.opsm_delta = flags.get_double("opsm_delta");
  }
  options.uses_rollout_log_probs = flags.get_bool_or("use_rollout_logprobs", false);
  rl::validate(options);
  return options;
}

at::Tensor leaf(const Json& values) {
  return float_tensor(values).requires_grad_(true);
}

at::Tensor optional_tensor(const JsonObject& sample, const char* key) {
  return sample.has(key) ? float_tensor(sample.at(key)) : at::Tensor();
}

}  // namespace

LossStep::LossStep(const JsonObject& flags, const Json& samples, Dim global_batch_size)
    : options_(loss_options(flags)) {
  const rl::Reduction reduction = flags.get_bool_or("calculate_per_token_loss", false)
                                      ? rl::Reduction::kPerToken
                                      : rl::Reduction::kPerRollout;
  std::vector<std::vector<Dim>> masks;
  std::vector<Dim> rollout_ids;
  for (const Json& sample : samples) {
    masks.push_back(dims(sample.at("loss_mask")));
    rollout_ids.push_back(sample.at("rollout_id").get<Dim>());
  }
  const std::vector<std::span<const int64_t>> mask_views(masks.begin(), masks.end());
  const rl::StepTotals totals = rl::step_totals(mask_views, rollout_ids, global_batch_size);
  for (size_t i = 0; i < masks.size(); ++i) {
    const JsonObject given(samples[i], cat("sample ", i));
    SampleTensors sample;
    sample.log_probs = leaf(given.at("log_probs"));
    sample.entropy = leaf(given.at("entropy"));
    sample.advantages = float_tensor(given.at("advantages"));
    sample.old_log_probs = optional_tensor(given, "old_log_probs");
    sample.rollout_log_probs = optional_tensor(given, "rollout_log_probs");
    sample.ref_log_probs = optional_tensor(given, "ref_log_probs");
    sample.mask = at::tensor(masks[i], at::kLong).ne(0);
    sample.weights = at::tensor(rl::token_weights(masks[i], rollout_ids[i], totals, reduction));
    // The reference counts every token of a sample that is left out, over its unmasked ones.
    const double unmasked = std::max(sample.mask.sum().item<double>(), 1.0);
    sample.opsm_weights =
        at::full({static_cast<int64_t>(masks[i].size())},
                 1.0 / unmasked / rl::step_divisor(totals, reduction), at::kFloat);
    samples_.push_back(std::move(sample));
  }
}

Part LossStep::whole(size_t sample) const {
  Part part{sample, {}};
  for (Dim t = 0; t < samples_[sample].log_probs.size(0); ++t) {
    part.tokens.push_back(t);
  }
  return part;
}

rl::PolicyLossInput LossStep::input(const std::vector<Part>& parts) const {
  const auto gather = [&](at::Tensor SampleTensors::*field) {
    std::vector<at::Tensor> pieces;
    for (const Part& part : parts) {
      const at::Tensor& values = samples_[part.sample].*field;
      if (!values.defined()) {
        return at::Tensor();
      }
      pieces.push_back(values.index_select(0, at::tensor(part.tokens, at::kLong)));
    }
    return at::cat(pieces);
  };
  rl::PolicyLossInput input;
  input.log_probs = gather(&SampleTensors::log_probs);
  input.entropy = gather(&SampleTensors::entropy);
  input.advantages = gather(&SampleTensors::advantages);
  input.old_log_probs = gather(&SampleTensors::old_log_probs);
  input.rollout_log_probs = gather(&SampleTensors::rollout_log_probs);
  input.ref_log_probs = gather(&SampleTensors::ref_log_probs);
  input.mask = gather(&SampleTensors::mask);
  input.weights = gather(&SampleTensors::weights);
  input.opsm_weights = gather(&SampleTensors::opsm_weights);
  std::vector<int64_t> sample_of_token;
  for (size_t i = 0; i < parts.size(); ++i) {
    sample_of_token.insert(sample_of_token.end(), parts[i].tokens.size(), static_cast<int64_t>(i));
  }
  input.index.sample_of_token = at::tensor(sample_of_token, at::kLong);
  input.index.num_samples = static_cast<int64_t>(parts.size());
  return input;
}

rl::PolicyLoss LossStep::loss(const rl::PolicyLossInput& input) {
  rl::PolicyLoss found = rl::policy_loss(input, options_);
  for (const auto& [name, value] : found.metrics) {
    metrics_[name] += value.item<double>();
  }
  return found;
}

at::Tensor LossStep::micro_batch(const std::vector<Part>& parts) {
  return loss(input(parts)).loss;
}

std::vector<at::Tensor> LossStep::ranks(const std::vector<std::vector<Part>>& parts) {
  // The sums over a sample are the same call on every rank: first each rank's own are recorded,
  // then every rank gets their total.
  std::vector<at::Tensor> totals;
  std::vector<rl::PolicyLossInput> inputs;
  for (const std::vector<Part>& rank : parts) {
    inputs.push_back(input(rank));
    size_t call = 0;
    rl::PolicyLossInput recorded = inputs.back();
    recorded.index.sum_over_ranks = [&totals, &call](const at::Tensor& sums) {
      if (call == totals.size()) {
        totals.push_back(at::zeros_like(sums));
      }
      totals[call] = totals[call] + sums;
      ++call;
      return sums;
    };
    rl::policy_loss(recorded, options_);
  }
  std::vector<at::Tensor> losses;
  for (rl::PolicyLossInput& rank : inputs) {
    size_t call = 0;
    rank.index.sum_over_ranks = [&totals, &call](const at::Tensor&) { return totals[call++]; };
    losses.push_back(loss(rank).loss);
  }
  return losses;
}

at::Tensor LossStep::grad_log_probs(size_t sample) const {
  const at::Tensor& values = samples_[sample].log_probs;
  return values.grad().defined() ? values.grad() : at::zeros_like(values);
}

at::Tensor LossStep::grad_entropy(size_t sample) const {
  const at::Tensor& values = samples_[sample].entropy;
  return values.grad().defined() ? values.grad() : at::zeros_like(values);
}

Json LossStep::grad_log_probs() const {
  Json list = Json::array();
  for (size_t i = 0; i < samples_.size(); ++i) {
    list.push_back(tensor_values(grad_log_probs(i)));
  }
  return list;
}

Json LossStep::grad_entropy() const {
  Json list = Json::array();
  for (size_t i = 0; i < samples_.size(); ++i) {
    list.push_back(tensor_values(grad_entropy(i)));
  }
  return list;
}

}  // namespace lapidary::check
