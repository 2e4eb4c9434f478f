// experts() on CUDA through ATen's grouped matrix product: tokens sorted by expert, two products
// over all experts at once, and no count ever read back by the host.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/moe.h"

namespace lapidary::ops {

// Whether the grouped product takes the device and the alignment of these tensors.
bool can_use_grouped_experts(const at::Tensor& input, const at::Tensor& gate_up,
                             const at::Tensor& down);

// As experts(), but a token's experts are summed in fp32 and in no particular order.
at::Tensor grouped_experts(const at::Tensor& input, const at::Tensor& gate_up,
                           const at::Tensor& down, const Routing& routing);

}  // namespace lapidary::ops
