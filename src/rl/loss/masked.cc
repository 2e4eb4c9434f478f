#include "rl/loss/masked.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

namespace lapidary::rl {

at::Tensor keep_where(const at::Tensor& mask, const at::Tensor& values) {
  return at::where(mask, values, at::zeros_like(values));
}

at::Tensor weighted_sum(const at::Tensor& values, const at::Tensor& weights,
                        const at::Tensor& mask) {
  return (keep_where(mask, values) * weights).sum();
}

}  // namespace lapidary::rl
