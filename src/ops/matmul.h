// Matrix products inside backward passes.
#pragma once

#include <ATen/core/Tensor.h>

namespace lapidary::ops {

// a matmul b in the dtype of the two, summed in fp32. LibTorch's own bfloat16 product is used where
// the device has the instructions for it; elsewhere it is many times slower than fp32, which then
// does the work.
at::Tensor matmul(const at::Tensor& a, const at::Tensor& b);

// The same into an existing tensor, whose rows may be apart.
void matmul_into(const at::Tensor& output, const at::Tensor& a, const at::Tensor& b);

}  // namespace lapidary::ops
