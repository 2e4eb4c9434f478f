// The losses beside the policy's: a critic's, and supervised fine-tuning.
#pragma once

#include <ATen/core/Tensor.h>

namespace lapidary::rl {

struct ValueLossInput {
  at::Tensor values;      // [tokens] fp32, differentiable
  at::Tensor old_values;  // [tokens] fp32
  at::Tensor returns;     // [tokens] fp32
  at::Tensor mask;        // [tokens] bool
  at::Tensor weights;     // [tokens] of reduction.h
};
struct ValueLoss {
  at::Tensor loss;           // scalar, differentiable
  at::Tensor clip_fraction;  // scalar: tokens whose value moved further than the clip
};
// max((v - R)^2, (old + clamp(v - old, -clip, clip) - R)^2).
ValueLoss value_loss(const ValueLossInput& input, double value_clip);

// Weighted sum of -log_probs; all [tokens].
at::Tensor sft_loss(const at::Tensor& log_probs, const at::Tensor& weights, const at::Tensor& mask);

}  // namespace lapidary::rl
