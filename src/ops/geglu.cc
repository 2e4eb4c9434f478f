#include "ops/geglu.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "kernels/api/geglu.h"
#include "ops/cpu_kernels.h"
#include "ops/custom_grad.h"
#include "ops/reference.h"
#include "tensor/shape.h"

namespace lapidary::ops {

namespace {

// gate and up [rows, dim], each row dense.
at::Tensor forward(const at::Tensor& gate, const at::Tensor& up) {
  at::Tensor output = at::empty(gate.sizes(), gate.options());
  kernels::geglu(kernel_dtype(gate),
                 {gate.const_data_ptr(), gate.stride(0), up.const_data_ptr(), up.stride(0),
                  output.mutable_data_ptr()},
                 gate.size(0), gate.size(1));
  return output;
}

// The gradients go into grad_gate and grad_up, rows dense.
void backward(const at::Tensor& grad, const at::Tensor& gate, const at::Tensor& up,
              const at::Tensor& grad_gate, const at::Tensor& grad_up) {
  const at::Tensor grads = grad.contiguous();
  kernels::geglu_backward(kernel_dtype(gate),
                          {grads.const_data_ptr(), gate.const_data_ptr(), gate.stride(0),
                           up.const_data_ptr(), up.stride(0), grad_gate.mutable_data_ptr(),
                           grad_gate.stride(0), grad_up.mutable_data_ptr(), grad_up.stride(0)},
                          gate.size(0), gate.size(1));
}

at::Tensor first_half(const at::Tensor& gate_up) {
  return gate_up.narrow(1, 0, gate_up.size(1) / 2);
}
at::Tensor second_half(const at::Tensor& gate_up) {
  return gate_up.narrow(1, gate_up.size(1) / 2, gate_up.size(1) / 2);
}

at::Tensor geglu_forward(const at::Tensor& gate_up) {
  const at::Tensor rows = gate_up.contiguous();
  return forward(first_half(rows), second_half(rows));
}

}  // namespace

at::Tensor geglu_backward(const at::Tensor& grad, const at::Tensor& gate_up) {
  const at::Tensor rows = gate_up.contiguous();
  at::Tensor out = at::empty_like(rows);
  backward(grad, first_half(rows), second_half(rows), first_half(out), second_half(out));
  return out;
}

at::Tensor geglu(const at::Tensor& gate_up) {
  expect_shape(gate_up, "gate_up", {kAnyExtent, kAnyExtent});
  if (!can_use_cpu_kernels({gate_up})) return reference::geglu(gate_up);
  if (!needs_grad({gate_up})) return geglu_forward(gate_up);
  return apply_custom_grad(
      {.forward = [](const Tensors& in) { return std::pair(Tensors{geglu_forward(in[0])}, in); },
       .backward = [](const Tensors& kept,
                      const Tensors& grads) { return Tensors{geglu_backward(grads[0], kept[0])}; }},
      {gate_up})[0];
}

at::Tensor gelu_gate(const at::Tensor& gate, const at::Tensor& factor) {
  expect_shape(factor, "factor", {gate.size(0), gate.size(1)});
  if (!can_use_cpu_kernels({gate, factor})) return reference::gelu_gate(gate, factor);
  const at::Tensor gates = gate.contiguous();
  const at::Tensor factors = factor.contiguous();
  if (!needs_grad({gate, factor})) return forward(gates, factors);
  return apply_custom_grad(
      {.forward = [](const Tensors& in) { return std::pair(Tensors{forward(in[0], in[1])}, in); },
       .backward =
           [](const Tensors& kept, const Tensors& grads) {
             Tensors out{at::empty_like(kept[0]), at::empty_like(kept[1])};
             backward(grads[0], kept[0], kept[1], out[0], out[1]);
             return out;
           }},
      {gates, factors})[0];
}

}  // namespace lapidary::ops
