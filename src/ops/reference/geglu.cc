// Mirrors the activation of HF Gemma4TextMLP: gelu_pytorch_tanh, rounded before the product.
#include <ATen/ops/gelu.h>

#include "ops/reference.h"

namespace lapidary::ops::reference {

at::Tensor gelu_gate(const at::Tensor& gate, const at::Tensor& factor) {
  return at::gelu(gate, "tanh").mul(factor);
}

at::Tensor geglu(const at::Tensor& gate_up) {
  const Dim intermediate = gate_up.size(-1) / 2;
  return gelu_gate(gate_up.narrow(-1, 0, intermediate),
                   gate_up.narrow(-1, intermediate, intermediate));
}

}  // namespace lapidary::ops::reference
