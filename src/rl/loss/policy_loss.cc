#include "rl/loss/policy_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "base/check.h"
#include "rl/loss/kl.h"
#include "rl/loss/masked.h"

namespace lapidary::rl {

namespace {

// The sums of one loss: what is added up, and the names under which it is shown.
class Sums {
 public:
  explicit Sums(const PolicyLossInput& input) : input_(input) {}

  at::Tensor of(const at::Tensor& values) const {
    return weighted_sum(values, input_.weights, input_.mask);
  }
  void show(const std::string& name, const at::Tensor& values) {
    const at::NoGradGuard no_grad;
    show_scalar(name, of(values.to(input_.log_probs.scalar_type())));
  }
  void show_scalar(const std::string& name, const at::Tensor& scalar) {
    metrics.emplace_back(name, scalar.detach());
  }
  std::vector<std::pair<std::string, at::Tensor>> metrics;

 private:
  const PolicyLossInput& input_;
};

// -stop(clip(ratio)) A log_prob.
ClippedObjective clipped_weight_objective(const at::Tensor& log_ratio, const at::Tensor& log_probs,
                                          const at::Tensor& advantages,
                                          const PolicyLossOptions& options) {
  at::Tensor ratio;
  at::Tensor clipped;
  {
    const at::NoGradGuard no_grad;
    ratio = log_ratio.exp();
    clipped = ratio.clamp(1 - options.eps_clip, 1 + options.eps_clip_high);
  }
  return {-clipped * advantages * log_probs, clipped.ne(ratio)};
}

// The samples whose policy moved away from them and whose advantage is negative are left out.
at::Tensor off_policy_tokens(const at::Tensor& log_ratio, const PolicyLossInput& input,
                             double delta) {
  const at::NoGradGuard no_grad;
  const at::Tensor moved = spread_sample_means(-log_ratio, input.mask, input.index);
  return input.advantages.lt(0).logical_and(moved.gt(delta));
}

at::Tensor masked_off_policy(const at::Tensor& loss, const at::Tensor& log_ratio,
                             const PolicyLossInput& input, double delta, Sums& sums) {
  const at::Tensor dropped = off_policy_tokens(log_ratio, input, delta);
  if (input.opsm_weights.defined()) {
    const at::NoGradGuard no_grad;
    sums.show_scalar("opsm_clipfrac", (dropped * input.opsm_weights).sum());
  } else {
    sums.show("opsm_clipfrac", dropped);
  }
  return keep_where(dropped.logical_not(), loss);
}

at::Tensor corrected(const at::Tensor& loss, const at::Tensor& trainer_log_probs,
                     const PolicyLossInput& input, const MismatchOptions& options, Sums& sums) {
  LAPIDARY_CHECK(input.rollout_log_probs.defined(),
                 "mismatch weights need the engine's log-probs of the rollout");
  const MismatchWeights found =
      mismatch_weights(keep_where(input.mask, trainer_log_probs - input.rollout_log_probs),
                       input.mask, input.index, options);
  sums.show("tis", found.ratio);
  sums.show("tis_clipfrac", found.weight.ne(found.ratio));
  sums.show("tis_abs", (found.ratio - 1).abs());
  // A token of weight 0 is out, also when its loss is infinite.
  return keep_where(found.weight.ne(0), loss) * found.weight;
}

}  // namespace

void validate(const PolicyLossOptions& options) {
  std::vector<std::string> problems;
  if (options.eps_clip_c && !(*options.eps_clip_c > 1)) {
    problems.push_back(cat("--eps-clip-c is ", *options.eps_clip_c, "; it must be above 1"));
  }
  if (!(options.eps_clip >= 0 && options.eps_clip_high >= 0)) {
    problems.push_back(cat("--eps-clip is ", options.eps_clip, " and --eps-clip-high ",
                           options.eps_clip_high, "; neither may be negative"));
  }
  if (options.mismatch && !(options.mismatch->low <= options.mismatch->high)) {
    problems.push_back(cat("--tis-clip-low ", options.mismatch->low, " is above --tis-clip ",
                           options.mismatch->high));
  }
  if (options.mismatch && options.uses_rollout_log_probs && !options.only_shows_mismatch) {
    problems.emplace_back(
        "--use-rollout-logprobs and --use-tis exclude each other: the engine's log-probs are the "
        "old "
        "ones already");
  }
  if (!problems.empty()) {
    fail(ErrorKind::kInvalidArgument, join(problems, "; "));
  }
}

ClippedObjective clipped_objective(const at::Tensor& log_ratio, const at::Tensor& advantages,
                                   const PolicyLossOptions& options) {
  at::Tensor value;
  at::Tensor is_clipped;
  at::Tensor is_active;
  {
    const at::NoGradGuard no_grad;
    // A = 0 is 0 whatever the ratio, infinity included.
    const at::Tensor ratio = keep_where(advantages.ne(0), log_ratio).exp();
    const at::Tensor plain = -ratio * advantages;
    const at::Tensor clipped =
        -ratio.clamp(1 - options.eps_clip, 1 + options.eps_clip_high) * advantages;
    is_clipped = clipped.gt(plain);
    value = at::maximum(plain, clipped);
    is_active = is_clipped.logical_not().logical_and(advantages.ne(0));
    if (options.eps_clip_c) {
      const at::Tensor limit = -*options.eps_clip_c * advantages;
      const at::Tensor is_limited = advantages.lt(0).logical_and(limit.lt(value));
      value = at::where(is_limited, limit, value);
      is_active = is_active.logical_and(is_limited.logical_not());
    }
  }
  // The exponential of an inactive token must not enter the graph: its gradient is 0 x infinity.
  const at::Tensor active = -keep_where(is_active, log_ratio).exp() * advantages;
  return {at::where(is_active, active, value), is_clipped};
}

PolicyLoss policy_loss(const PolicyLossInput& input, const PolicyLossOptions& options) {
  const at::Tensor trainer_log_probs =
      input.old_log_probs.defined() ? input.old_log_probs : input.log_probs.detach();
  const at::Tensor old_log_probs =
      options.uses_rollout_log_probs ? input.rollout_log_probs : trainer_log_probs;
  LAPIDARY_CHECK(old_log_probs.defined(), "--use-rollout-logprobs needs the engine's log-probs");
  const at::Tensor token_log_ratio = keep_where(input.mask, input.log_probs - old_log_probs);
  const bool is_sequence_ratio = options.estimator == Estimator::kGspo;
  const at::Tensor log_ratio = is_sequence_ratio
                                   ? spread_sample_means(token_log_ratio, input.mask, input.index)
                                   : token_log_ratio;
  Sums sums(input);
  ClippedObjective objective =
      options.estimator == Estimator::kCispo
          ? clipped_weight_objective(log_ratio, keep_where(input.mask, input.log_probs),
                                     input.advantages, options)
          : clipped_objective(log_ratio, input.advantages, options);
  if (options.opsm_delta) {
    objective.loss =
        masked_off_policy(objective.loss, token_log_ratio, input, *options.opsm_delta, sums);
  }
  if (options.mismatch) {
    sums.show("ois", log_ratio.detach().exp());
    const at::Tensor loss =
        corrected(objective.loss, trainer_log_probs, input, *options.mismatch, sums);
    if (!options.only_shows_mismatch) objective.loss = loss;
  }
  if (input.rollout_log_probs.defined()) {
    const at::Tensor& compared =
        options.uses_rollout_log_probs ? input.log_probs : trainer_log_probs;
    sums.show("train_rollout_logprob_abs_diff",
              (compared.detach() - input.rollout_log_probs).abs());
  }
  const at::Tensor policy = sums.of(objective.loss);
  // Without a bonus nothing depends on the entropy, and the head need not derive it.
  const at::Tensor entropy =
      sums.of(options.entropy_coef != 0 ? input.entropy : input.entropy.detach());
  PolicyLoss out;
  out.loss = policy - options.entropy_coef * entropy;
  if (options.kl_kind) {
    LAPIDARY_CHECK(input.ref_log_probs.defined(), "--use-kl-loss needs the reference's log-probs");
    const at::Tensor importance = options.is_kl_unbiased ? token_log_ratio.exp() : at::Tensor();
    const at::Tensor kl = sums.of(
        kl_tensor(*options.kl_kind, keep_where(input.mask, input.log_probs - input.ref_log_probs),
                  importance));
    out.loss = out.loss + options.kl_loss_coef * kl;
    sums.show_scalar("kl_loss", kl);
  }
  sums.show_scalar("loss", out.loss);
  sums.show_scalar("pg_loss", policy);
  sums.show_scalar("entropy_loss", entropy);
  sums.show("pg_clipfrac", objective.is_clipped);
  sums.show("ppo_kl", -log_ratio.detach());
  out.metrics = std::move(sums.metrics);
  return out;
}

}  // namespace lapidary::rl
