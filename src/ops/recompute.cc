#include "ops/recompute.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <utility>

#include "ops/custom_grad.h"

namespace lapidary::ops {

namespace {

// Runs `function` once more with the graph recorded, and backward through that graph. Gradients of
// captured parameters accumulate in place, as in the plain call.
Tensors backward_again(const std::function<Tensors(const Tensors&)>& function, const Tensors& kept,
                       const Tensors& grad_outputs) {
  Tensors inputs;
  for (const at::Tensor& tensor : kept) {
    inputs.push_back(tensor.detach().requires_grad_(tensor.requires_grad()));
  }
  Tensors outputs;
  {
    const at::AutoGradMode with_grad(true);
    outputs = function(inputs);
  }
  Tensors roots;
  Tensors root_gradients;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].requires_grad() || !grad_outputs[i].defined()) continue;
    roots.push_back(outputs[i]);
    root_gradients.push_back(grad_outputs[i]);
  }
  if (!roots.empty()) torch::autograd::backward(roots, root_gradients);
  Tensors gradients;
  for (const at::Tensor& input : inputs) gradients.push_back(input.grad());
  return gradients;
}

}  // namespace

Tensors recompute(std::function<Tensors(const Tensors&)> function, const Tensors& inputs) {
  const auto forward = [function](const Tensors& given) {
    return std::pair(function(given), given);
  };
  const auto backward = [function = std::move(function)](const Tensors& kept,
                                                         const Tensors& grad_outputs) {
    return backward_again(function, kept, grad_outputs);
  };
  return apply_custom_grad({forward, backward}, inputs);
}

}  // namespace lapidary::ops
