#include "ops/rope.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/pow.h>

#include "kernels/api/rope.h"
#include "ops/cpu_kernels.h"
#include "ops/custom_grad.h"
#include "ops/reference.h"
#include "tensor/shape.h"

namespace lapidary::ops {

namespace {

kernels::ValueSource kernel_source(ValueSource source) {
  switch (source) {
    case ValueSource::kProjection:
      return kernels::ValueSource::kProjection;
    case ValueSource::kKey:
      return kernels::ValueSource::kKey;
    case ValueSource::kNone:
      break;
  }
  return kernels::ValueSource::kNone;
}

struct QkvInputs {
  at::Tensor qkv;
  at::Tensor q_norm;
  at::Tensor k_norm;  // undefined for kNone
  at::Tensor cos;
  at::Tensor sin;
};

void* data(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.mutable_data_ptr() : nullptr;
}

Qkv forward(const QkvInputs& in, const kernels::QkvShape& shape) {
  const at::Tensor rows = in.qkv.contiguous();
  const bool has_key = shape.value_source != kernels::ValueSource::kNone;
  const auto heads = [&](bool wanted, Dim count) {
    return wanted ? at::empty({shape.tokens, count, shape.head_dim}, rows.options()) : at::Tensor();
  };
  Qkv out = {heads(true, shape.num_heads), heads(has_key, shape.num_kv_heads),
             heads(has_key, shape.num_kv_heads)};
  kernels::qkv_norm_rope(kernel_dtype(rows),
                         {rows.const_data_ptr(), in.q_norm.const_data_ptr(),
                          data_or_null(in.k_norm), in.cos.const_data_ptr(), in.sin.const_data_ptr(),
                          data(out.query), data(out.key), data(out.value)},
                         shape);
  return out;
}

// Gradients of qkv, q_norm and, where there is a key, k_norm.
Tensors backward(const QkvInputs& in, const Tensors& grads, const kernels::QkvShape& shape) {
  const at::Tensor rows = in.qkv.contiguous();
  const auto dense = [&](size_t i) {
    return i < grads.size() && grads[i].defined() ? grads[i].contiguous() : at::Tensor();
  };
  const at::Tensor grad_query = dense(0), grad_key = dense(1), grad_value = dense(2);
  const at::TensorOptions fp32 = rows.options().dtype(at::kFloat);
  const at::Tensor grad_qkv = at::empty_like(rows);
  const at::Tensor grad_norms = at::empty({2, shape.head_dim}, fp32);
  auto* norms = grad_norms.mutable_data_ptr<float>();
  kernels::qkv_norm_rope_backward(
      kernel_dtype(rows),
      {rows.const_data_ptr(), in.q_norm.const_data_ptr(), data_or_null(in.k_norm),
       in.cos.const_data_ptr(), in.sin.const_data_ptr(), data_or_null(grad_query),
       data_or_null(grad_key), data_or_null(grad_value), grad_qkv.mutable_data_ptr(), norms,
       norms + shape.head_dim},
      shape);
  Tensors out{grad_qkv, grad_norms[0].to(rows.scalar_type())};
  if (in.k_norm.defined()) out.push_back(grad_norms[1].to(rows.scalar_type()));
  return out;
}

Qkv differentiable(const QkvInputs& in, const kernels::QkvShape& shape) {
  const auto with = [cos = in.cos, sin = in.sin](const Tensors& given) {
    return QkvInputs{given[0], given[1], given.size() > 2 ? given[2] : at::Tensor(), cos, sin};
  };
  Tensors inputs{in.qkv, in.q_norm};
  if (in.k_norm.defined()) inputs.push_back(in.k_norm);
  const Tensors out = apply_custom_grad(
      {.forward =
           [=](const Tensors& given) {
             const Qkv made = forward(with(given), shape);
             Tensors outputs{made.query};
             if (made.key.defined()) outputs.insert(outputs.end(), {made.key, made.value});
             return std::pair(outputs, given);
           },
       .backward = [=](const Tensors& kept,
                       const Tensors& grads) { return backward(with(kept), grads, shape); }},
      inputs);
  return out.size() == 1 ? Qkv{out[0], {}, {}} : Qkv{out[0], out[1], out[2]};
}

}  // namespace

at::Tensor rope_inverse_frequencies(RopeType type, Dim head_dim, double theta,
                                    double partial_rotary_factor, double factor) {
  const at::Tensor exponents = at::arange(0, head_dim, 2, at::kFloat).div(head_dim);
  at::Tensor frequencies = at::pow(theta, exponents).reciprocal();
  if (type == RopeType::kProportional) {
    const Dim live = static_cast<Dim>(partial_rotary_factor * static_cast<double>(head_dim)) / 2;
    frequencies.narrow(0, live, head_dim / 2 - live).zero_();
  }
  return frequencies.div(factor);
}

RopeTable rope_table(const at::Tensor& positions, const at::Tensor& inverse_frequencies,
                     c10::ScalarType dtype) {
  expect_shape(positions, "positions", {kAnyExtent});
  const at::Tensor angles =
      positions.to(at::kFloat).unsqueeze(-1).mul(inverse_frequencies.to(positions.device()));
  return {angles.cos().to(dtype), angles.sin().to(dtype)};
}

Qkv qkv_norm_rope(const at::Tensor& qkv, const at::Tensor& q_norm, const at::Tensor& k_norm,
                  const RopeTable& rope, const HeadShape& shape, ValueSource value_source,
                  double eps) {
  const Dim kv_parts = value_source == ValueSource::kProjection ? 2
                       : value_source == ValueSource::kKey      ? 1
                                                                : 0;
  expect_shape(qkv, "qkv",
               {kAnyExtent, (shape.num_heads + kv_parts * shape.num_kv_heads) * shape.head_dim});
  expect_shape(q_norm, "q_norm", {shape.head_dim});
  expect_shape(rope.cos, "rope.cos", {qkv.size(0), shape.head_dim / 2});
  if (kv_parts > 0) expect_shape(k_norm, "k_norm", {shape.head_dim});
  if (!can_use_cpu_kernels({qkv, q_norm, k_norm, rope.cos, rope.sin}))
    return reference::qkv_norm_rope(qkv, q_norm, k_norm, rope, shape, value_source, eps);
  const QkvInputs inputs = {qkv, q_norm, kv_parts > 0 ? k_norm : at::Tensor(),
                            rope.cos.contiguous(), rope.sin.contiguous()};
  const kernels::QkvShape kernel_shape = {
      qkv.size(0), shape.num_heads, shape.num_kv_heads, shape.head_dim, kernel_source(value_source),
      eps};
  return needs_grad({qkv, q_norm, k_norm}) ? differentiable(inputs, kernel_shape)
                                           : forward(inputs, kernel_shape);
}

}  // namespace lapidary::ops
