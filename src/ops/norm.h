// RMSNorm as Gemma 4 does it (HF Gemma4RMSNorm): fp32 inside, eps added to the mean square, the
// plain weight (never 1 + weight) multiplied in fp32, one rounding at the end.
#pragma once

#include <ATen/core/Tensor.h>

namespace lapidary::ops {

// input [.., dim], weight [dim] or undefined (scale-free) -> like input. Differentiable.
at::Tensor rms_norm(const at::Tensor& input, const at::Tensor& weight, double eps);

// residual + rms_norm(input, weight), rounded as the two separate operations are. Differentiable.
at::Tensor add_rms_norm(const at::Tensor& residual, const at::Tensor& input,
                        const at::Tensor& weight, double eps);

// Gradients of rms_norm(input, weight) * factor given that of its result, on the CPU. weight may be
// undefined; its gradient then is too.
struct NormGradients {
  at::Tensor input;
  at::Tensor weight;
};
NormGradients rms_norm_backward(const at::Tensor& grad, const at::Tensor& input,
                                const at::Tensor& weight, double factor, double eps);

}  // namespace lapidary::ops
