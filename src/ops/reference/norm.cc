// Mirrors HF Gemma4RMSNorm.forward; pow(-0.5), not rsqrt.
#include "ops/reference.h"

namespace lapidary::ops::reference {

at::Tensor rms_norm(const at::Tensor& input, const at::Tensor& weight, double eps) {
  const at::Tensor x = input.to(at::kFloat);
  const at::Tensor mean_square = x.pow(2).mean(-1, /*keepdim=*/true).add(eps);
  at::Tensor normed = x.mul(mean_square.pow(-0.5));
  if (weight.defined()) normed = normed.mul(weight.to(at::kFloat));
  return normed.to(input.scalar_type());
}

}  // namespace lapidary::ops::reference
