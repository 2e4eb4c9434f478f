// The policy-gradient loss of a micro-batch: clipped ratio (PPO, GRPO), sequence ratio (GSPO),
// clipped weight (CISPO), with dual clip, off-policy sequence masking, mismatch weights, entropy
// bonus and KL. docs/rl-math.md has the formulas. Sums over micro-batches and ranks are the loss of
// the step: the weights carry the division.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rl/advantage/estimator.h"
#include "rl/kl_kind.h"
#include "rl/loss/mismatch.h"

namespace lapidary::rl {

struct PolicyLossOptions {
  Estimator estimator = Estimator::kGrpo;
  double eps_clip = 0.2;
  double eps_clip_high = 0.2;
  std::optional<double> eps_clip_c;  // dual clip, above 1
  std::optional<KlKind> kl_kind;     // --use-kl-loss with --kl-loss-type; none: no KL loss
  double kl_loss_coef = 0.0;
  bool is_kl_unbiased = false;  // --use-unbiased-kl
  double entropy_coef = 0.0;
  std::optional<MismatchOptions> mismatch;  // --use-tis and its kin
  // --get-mismatch-metrics without --use-tis: the weights are shown, the loss is left as it is.
  bool only_shows_mismatch = false;
  std::optional<double> opsm_delta;     // --use-opsm with --opsm-delta
  bool uses_rollout_log_probs = false;  // --use-rollout-logprobs: the engine's are the old ones
};
// All that contradicts itself, in one Error{kInvalidArgument} that names the flags.
void validate(const PolicyLossOptions& options);

// Response tokens of the micro-batch (of this rank), sample after sample; fp32 unless said.
struct PolicyLossInput {
  at::Tensor log_probs;          // [tokens] of the policy; differentiable
  at::Tensor entropy;            // [tokens]; differentiable
  at::Tensor advantages;         // [tokens]
  at::Tensor old_log_probs;      // [tokens] of the trainer at the start of the rollout's steps;
                                 // undefined: the current ones, detached
  at::Tensor rollout_log_probs;  // [tokens] of the engine; undefined: not known
  at::Tensor ref_log_probs;      // [tokens]; needed by the KL loss
  at::Tensor mask;               // [tokens] bool
  at::Tensor weights;            // [tokens] of reduction.h
  // [tokens] for opsm_clipfrac over all tokens, masked ones too (as slime counts); undefined: the
  // weights above.
  at::Tensor opsm_weights;
  SampleIndex index;
};

struct PolicyLoss {
  at::Tensor loss;  // scalar, differentiable
  // slime's names without "train/": loss, pg_loss, entropy_loss, pg_clipfrac, ppo_kl, and what the
  // options add. Detached scalars on the device; they add up like the loss.
  std::vector<std::pair<std::string, at::Tensor>> metrics;
};
PolicyLoss policy_loss(const PolicyLossInput& input, const PolicyLossOptions& options);

struct ClippedObjective {
  at::Tensor loss;        // [tokens]
  at::Tensor is_clipped;  // [tokens] bool: the clipped branch is strictly larger
};
// max(-ratio A, -clip(ratio) A), with A < 0 at most -eps_clip_c A. log_ratio = policy - old. A
// token whose gradient the clip stops has gradient exactly 0, however large its ratio.
ClippedObjective clipped_objective(const at::Tensor& log_ratio, const at::Tensor& advantages,
                                   const PolicyLossOptions& options);

}  // namespace lapidary::rl
