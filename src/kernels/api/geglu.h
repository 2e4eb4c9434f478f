// The gated activation gelu_tanh(gate) * up, gelu_tanh(x) = x / (1 + exp(-2 u)) with
// u = sqrt(2 / pi) (x + 0.044715 x^3). Rounded after gelu and after the product.
#pragma once

#include "base/dim.h"
#include "kernels/api/dtype.h"

namespace lapidary::kernels {

// gate and up: rows of `dim`, gate_stride and up_stride elements apart -> output [rows, dim] dense.
struct GegluArrays {
  const void* gate;
  Dim gate_stride;
  const void* up;
  Dim up_stride;
  void* output;
};
void geglu(Dtype dtype, const GegluArrays& arrays, Dim rows, Dim dim);

namespace reference {
void geglu(Dtype dtype, const GegluArrays& arrays, Dim rows, Dim dim);
}  // namespace reference

}  // namespace lapidary::kernels
