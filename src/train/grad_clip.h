// Mirrors torch.nn.utils.clip_grad_norm_ (L2).
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace lapidary::train {

// L2 norm over all elements of all gradients, a scalar fp32 tensor on their device: nothing waits
// for it. Undefined ones count as 0. No gradients: 0 on the CPU.
at::Tensor grad_norm(const std::vector<at::Tensor>& gradients);

// Multiplies every gradient in place by min(1, max_norm / (norm + 1e-6)). `norm` as grad_norm gave
// it.
void clip_grad_norm(const std::vector<at::Tensor>& gradients, const at::Tensor& norm,
                    double max_norm);

}  // namespace lapidary::train
