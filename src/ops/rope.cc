#include "ops/rope.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/pow.h>

#include "ops/reference.h"
#include "tensor/shape.h"

namespace lapidary::ops {

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
  return reference::qkv_norm_rope(qkv, q_norm, k_norm, rope, shape, value_source, eps);
}

}  // namespace lapidary::ops
