// The gated activation of both MLPs: gelu_tanh(gate) * up (HF "gelu_pytorch_tanh").
#pragma once

#include <ATen/core/Tensor.h>

namespace lapidary::ops {

// gate_up [tokens, 2 * intermediate], gate in the first half -> [tokens, intermediate].
// Differentiable.
at::Tensor geglu(const at::Tensor& gate_up);

// gelu_tanh(gate) * factor, both [tokens, dim]: the per-layer-input gate. Differentiable.
at::Tensor gelu_gate(const at::Tensor& gate, const at::Tensor& factor);

// Gradient of geglu(gate_up) in gate_up given that of its result, on the CPU.
at::Tensor geglu_backward(const at::Tensor& grad, const at::Tensor& gate_up);

}  // namespace lapidary::ops
