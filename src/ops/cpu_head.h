// The head behind its product, through our CPU kernels (kernels/api/head.h).
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/log_prob.h"

namespace lapidary::ops {

// Of tokens, each [tokens] fp32.
struct HeadStatistics {
  at::Tensor largest;
  at::Tensor log_sum;
  at::Tensor log_prob;
  at::Tensor entropy;
};

// product [tokens, vocabulary], float32 or bfloat16, dense; fills `output`.
void cpu_head_statistics(const at::Tensor& product, const at::Tensor& targets,
                         const HeadOptions& options, const HeadStatistics& output);

// The gradient of `product`, into `output` of the same shape and dtype; it may be `product` itself.
// grad_entropy may be undefined: zero.
void cpu_head_gradient(const at::Tensor& product, const at::Tensor& targets,
                       const HeadOptions& options, const HeadStatistics& statistics,
                       const at::Tensor& grad_log_prob, const at::Tensor& grad_entropy,
                       const at::Tensor& output);

}  // namespace lapidary::ops
