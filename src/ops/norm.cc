#include "ops/norm.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "base/check.h"
#include "kernels/api/norm.h"
#include "ops/cpu_kernels.h"
#include "ops/custom_grad.h"
#include "ops/reference.h"
#include "tensor/shape.h"

namespace lapidary::ops {

namespace {

kernels::NormShape norm_shape(const at::Tensor& input, double eps) {
  const Dim dim = input.size(-1);
  return {dim == 0 ? 0 : input.numel() / dim, dim, eps};
}

at::Tensor forward(const at::Tensor& input, const at::Tensor& weight, double eps) {
  const at::Tensor rows = input.contiguous();
  at::Tensor output = at::empty_like(rows);
  kernels::rms_norm(kernel_dtype(rows), rows.const_data_ptr(), data_or_null(weight),
                    output.mutable_data_ptr(), norm_shape(rows, eps));
  return output;
}

at::Tensor add_forward(const at::Tensor& residual, const at::Tensor& input,
                       const at::Tensor& weight, double eps) {
  const at::Tensor rows = input.contiguous();
  const at::Tensor before = residual.contiguous();
  at::Tensor output = at::empty_like(rows);
  kernels::add_rms_norm(kernel_dtype(rows), before.const_data_ptr(), rows.const_data_ptr(),
                        data_or_null(weight), 1.0F, output.mutable_data_ptr(),
                        norm_shape(rows, eps));
  return output;
}

}  // namespace

NormGradients rms_norm_backward(const at::Tensor& grad, const at::Tensor& input,
                                const at::Tensor& weight, double factor, double eps) {
  const at::Tensor rows = input.contiguous();
  const at::Tensor grads = grad.contiguous();
  NormGradients out = {at::empty_like(rows), at::Tensor()};
  if (weight.defined()) out.weight = at::empty({rows.size(-1)}, rows.options().dtype(at::kFloat));
  kernels::rms_norm_backward(kernel_dtype(rows),
                             {grads.const_data_ptr(), rows.const_data_ptr(), data_or_null(weight),
                              static_cast<float>(factor), out.input.mutable_data_ptr(),
                              weight.defined() ? out.weight.mutable_data_ptr<float>() : nullptr},
                             norm_shape(rows, eps));
  if (weight.defined()) out.weight = out.weight.to(weight.scalar_type());
  return out;
}

at::Tensor rms_norm(const at::Tensor& input, const at::Tensor& weight, double eps) {
  if (weight.defined()) expect_shape(weight, "weight", {input.size(-1)});
  if (!can_use_cpu_kernels({input, weight})) return reference::rms_norm(input, weight, eps);
  if (!needs_grad({input, weight})) return forward(input, weight, eps);
  const auto weight_of = [](const Tensors& in) { return in.size() > 1 ? in[1] : at::Tensor(); };
  const Tensors inputs = weight.defined() ? Tensors{input, weight} : Tensors{input};
  return apply_custom_grad(
      {.forward =
           [=](const Tensors& in) {
             return std::pair(Tensors{forward(in[0], weight_of(in), eps)}, in);
           },
       .backward =
           [=](const Tensors& kept, const Tensors& grads) {
             const NormGradients out =
                 rms_norm_backward(grads[0], kept[0], weight_of(kept), 1.0, eps);
             return kept.size() > 1 ? Tensors{out.input, out.weight} : Tensors{out.input};
           }},
      inputs)[0];
}

at::Tensor add_rms_norm(const at::Tensor& residual, const at::Tensor& input,
                        const at::Tensor& weight, double eps) {
  expect_shape(weight, "weight", {input.size(-1)});
  LAPIDARY_CHECK(residual.sizes() == input.sizes(), "residual and input of different shapes");
  if (!can_use_cpu_kernels({residual, input, weight}))
    return residual.add(rms_norm(input, weight, eps));
  if (!needs_grad({residual, input, weight})) return add_forward(residual, input, weight, eps);
  return apply_custom_grad({.forward =
                                [eps](const Tensors& in) {
                                  return std::pair(Tensors{add_forward(in[0], in[1], in[2], eps)},
                                                   Tensors{in[1], in[2]});
                                },
                            .backward =
                                [eps](const Tensors& kept, const Tensors& grads) {
                                  const NormGradients out =
                                      rms_norm_backward(grads[0], kept[0], kept[1], 1.0, eps);
                                  return Tensors{grads[0], out.input, out.weight};
                                }},
                           {residual, input, weight})[0];
}

}  // namespace lapidary::ops
