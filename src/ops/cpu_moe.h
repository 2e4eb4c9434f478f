// Router and experts through our CPU kernels, differentiable as in moe.h.
#pragma once

#include "ops/moe.h"

namespace lapidary::ops {

Routing cpu_route(const at::Tensor& residual, const RouterWeights& router, Dim top_k, double eps,
                  KeepProbs keep_probs);
at::Tensor cpu_experts(const at::Tensor& input, const at::Tensor& gate_up, const at::Tensor& down,
                       const Routing& routing);

}  // namespace lapidary::ops
