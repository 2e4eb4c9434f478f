#include "ops/linear.h"

#include <ATen/ops/empty.h>

#include "kernels/api/linear.h"
#include "ops/cpu_kernels.h"
#include "ops/custom_grad.h"
#include "ops/matmul.h"
#include "ops/reference.h"
#include "tensor/shape.h"

namespace lapidary::ops {

namespace {

at::Tensor forward(const at::Tensor& input, const at::Tensor& weight) {
  const at::Tensor rows = input.contiguous();
  const at::Tensor weights = weight.contiguous();
  at::Tensor output = at::empty({rows.size(0), weights.size(0)}, rows.options());
  kernels::linear(kernel_dtype(rows), rows.const_data_ptr(), weights.const_data_ptr(),
                  output.mutable_data_ptr(), {rows.size(0), rows.size(1), weights.size(0)});
  return output;
}

}  // namespace

at::Tensor linear(const at::Tensor& input, const at::Tensor& weight) {
  expect_shape(input, "input", {kAnyExtent, weight.size(1)});
  if (!can_use_cpu_kernels({input, weight})) return reference::linear(input, weight);
  if (!needs_grad({input, weight})) return forward(input, weight);
  const bool for_input = input.requires_grad();
  const bool for_weight = weight.requires_grad();
  return apply_custom_grad(
      {.forward = [](const Tensors& in) { return std::pair(Tensors{forward(in[0], in[1])}, in); },
       .backward =
           [for_input, for_weight](const Tensors& kept, const Tensors& grads) {
             return Tensors{for_input ? matmul(grads[0], kept[1]) : at::Tensor(),
                            for_weight ? matmul(grads[0].t(), kept[0]) : at::Tensor()};
           }},
      {input, weight})[0];
}

}  // namespace lapidary::ops
