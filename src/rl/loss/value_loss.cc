#include "rl/loss/value_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/maximum.h>

#include "rl/loss/masked.h"

namespace lapidary::rl {

ValueLoss value_loss(const ValueLossInput& input, double value_clip) {
  const at::Tensor moved = input.values - input.old_values;
  const at::Tensor clipped = input.old_values + moved.clamp(-value_clip, value_clip);
  const at::Tensor plain_error = (input.values - input.returns).square();
  const at::Tensor clipped_error = (clipped - input.returns).square();
  ValueLoss out;
  out.loss = weighted_sum(at::maximum(plain_error, clipped_error), input.weights, input.mask);
  out.clip_fraction = weighted_sum(moved.detach().abs().gt(value_clip).to(moved.scalar_type()),
                                   input.weights, input.mask);
  return out;
}

at::Tensor sft_loss(const at::Tensor& log_probs, const at::Tensor& weights,
                    const at::Tensor& mask) {
  return -weighted_sum(log_probs, weights, mask);
}

}  // namespace lapidary::rl
