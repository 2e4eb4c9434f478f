#include "ops/geglu.h"

#include "ops/reference.h"
#include "tensor/shape.h"

namespace lapidary::ops {

at::Tensor geglu(const at::Tensor& gate_up) {
  expect_shape(gate_up, "gate_up", {kAnyExtent, kAnyExtent});
  return reference::geglu(gate_up);
}

at::Tensor gelu_gate(const at::Tensor& gate, const at::Tensor& factor) {
  expect_shape(factor, "factor", {gate.size(0), gate.size(1)});
  return reference::gelu_gate(gate, factor);
}

}  // namespace lapidary::ops
