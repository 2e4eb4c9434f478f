#include "ops/norm.h"

#include "ops/reference.h"
#include "tensor/shape.h"

namespace lapidary::ops {

at::Tensor rms_norm(const at::Tensor& input, const at::Tensor& weight, double eps) {
  if (weight.defined()) expect_shape(weight, "weight", {input.size(-1)});
  return reference::rms_norm(input, weight, eps);
}

at::Tensor add_rms_norm(const at::Tensor& residual, const at::Tensor& input,
                        const at::Tensor& weight, double eps) {
  return residual.add(rms_norm(input, weight, eps));
}

}  // namespace lapidary::ops
