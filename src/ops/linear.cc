#include "ops/linear.h"

#include "tensor/shape.h"

namespace lapidary::ops {

at::Tensor linear(const at::Tensor& input, const at::Tensor& weight) {
  expect_shape(input, "input", {kAnyExtent, weight.size(1)});
  return input.matmul(weight.t());
}

}  // namespace lapidary::ops
