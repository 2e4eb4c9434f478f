// y = x W^T, the only matrix product of the model.
#pragma once

#include <ATen/core/Tensor.h>

namespace lapidary::ops {

// input [tokens, in], weight [out, in] (HF Linear orientation) -> [tokens, out], all of one dtype.
// Differentiable in both. Without gradients on the CPU, up to kMaxInvariantRows rows go through our
// own kernel, in which the value of a row does not depend on the other rows: decoded tokens do not
// depend on who shares the batch.
at::Tensor linear(const at::Tensor& input, const at::Tensor& weight);

}  // namespace lapidary::ops
