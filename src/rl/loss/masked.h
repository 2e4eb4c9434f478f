// The two habits of every loss here: masked tokens are taken out before any exponential (infinity
// times a weight of 0 is no number, in the forward pass or in the gradient), and sums are weighted.
#pragma once

#include <ATen/core/Tensor.h>

namespace lapidary::rl {

// values where mask, else 0; no gradient to the others. mask [tokens] bool.
at::Tensor keep_where(const at::Tensor& mask, const at::Tensor& values);

// sum of weights x values over the tokens of mask, a scalar.
at::Tensor weighted_sum(const at::Tensor& values, const at::Tensor& weights,
                        const at::Tensor& mask);

}  // namespace lapidary::rl
