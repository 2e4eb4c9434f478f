// Rotary positions, and the step between the qkv projection and attention: per-head norms and
// rotation.
#pragma once

#include <ATen/core/Tensor.h>

#include "base/dim.h"

namespace lapidary::ops {

// Inverse frequencies [head_dim / 2], fp32 on the CPU; HF computes exponent 2j / head_dim, theta ^
// exponent, then the reciprocal, each in fp32. kDefault rotates all pairs. kProportional keeps
// int(partial_rotary_factor * head_dim / 2) of them (the exponent's denominator stays the full
// head_dim), sets the others to 0 and divides by `factor`.
enum class RopeType { kDefault, kProportional };
at::Tensor rope_inverse_frequencies(RopeType type, Dim head_dim, double theta,
                                    double partial_rotary_factor, double factor);

struct RopeTable {
  at::Tensor
      cos;  // [tokens, head_dim / 2], activation dtype (HF repeats the half; the halves are equal)
  at::Tensor sin;  // [tokens, head_dim / 2]
};
RopeTable rope_table(const at::Tensor& positions, const at::Tensor& inverse_frequencies,
                     c10::ScalarType dtype);

struct HeadShape {
  Dim num_heads;
  Dim num_kv_heads;
  Dim head_dim;
};
enum class ValueSource {
  kProjection,  // qkv is [q | k | v]
  kKey,         // qkv is [q | k]; the value is the raw key projection (attention_k_eq_v)
  kNone,        // qkv is [q]; keys and values come from another layer (KV sharing)
};
struct Qkv {
  at::Tensor query;  // [tokens, num_heads, head_dim] normed, rotated
  at::Tensor key;    // [tokens, num_kv_heads, head_dim] normed, rotated; undefined for kNone
  at::Tensor
      value;  // [tokens, num_kv_heads, head_dim] scale-free norm, not rotated; undefined for kNone
};

// qkv [tokens, (num_heads + (0 | 1 | 2) * num_kv_heads) * head_dim]; q_norm, k_norm [head_dim].
// Rotation pairs dim j with j + head_dim / 2 (HF apply_rotary_pos_emb). Differentiable.
Qkv qkv_norm_rope(const at::Tensor& qkv, const at::Tensor& q_norm, const at::Tensor& k_norm,
                  const RopeTable& rope, const HeadShape& shape, ValueSource value_source,
                  double eps);

}  // namespace lapidary::ops
