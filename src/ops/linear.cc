#include "ops/linear.h"

#include "ops/reference.h"
#include "tensor/shape.h"

namespace lapidary::ops {

at::Tensor linear(const at::Tensor& input, const at::Tensor& weight) {
  expect_shape(input, "input", {kAnyExtent, weight.size(1)});
  return reference::linear(input, weight);
}

}  // namespace lapidary::ops
