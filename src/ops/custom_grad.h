// Operations with a backward of their own, without the compile time of custom_function.h.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <utility>
#include <vector>

namespace lapidary::ops {

using Tensors = std::vector<at::Tensor>;

struct CustomGrad {
  // inputs -> {outputs, tensors to keep for backward}. Runs with grad mode off. Kept tensors may be
  // inputs, outputs or anything else.
  std::function<std::pair<Tensors, Tensors>(const Tensors& inputs)> forward;
  // One gradient per input; undefined where none is needed. A grad_output is undefined when nothing
  // depends on that output. Runs with grad mode off: no second derivatives.
  std::function<Tensors(const Tensors& kept, const Tensors& grad_outputs)> backward;
};

// The outputs of forward(inputs), differentiable through backward in every floating-point input
// that requires grad. Inputs must be defined.
Tensors apply_custom_grad(CustomGrad operation, const Tensors& inputs);

}  // namespace lapidary::ops
