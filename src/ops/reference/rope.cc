// Mirrors the first half of HF Gemma4TextAttention.forward and apply_rotary_pos_emb.
#include <ATen/ops/cat.h>

#include "ops/reference.h"

namespace lapidary::ops::reference {

namespace {

// x [tokens, heads, head_dim]. HF's x * cos + rotate_half(x) * sin, rounded at the same places.
at::Tensor rotate(const at::Tensor& x, const RopeTable& rope) {
  const Dim half = x.size(-1) / 2;
  const at::Tensor cos = rope.cos.unsqueeze(1);
  const at::Tensor sin = rope.sin.unsqueeze(1);
  const at::Tensor first = x.narrow(-1, 0, half);
  const at::Tensor second = x.narrow(-1, half, half);
  return at::cat({first.mul(cos).sub(second.mul(sin)), second.mul(cos).add(first.mul(sin))}, -1);
}

}  // namespace

Qkv qkv_norm_rope(const at::Tensor& qkv, const at::Tensor& q_norm, const at::Tensor& k_norm,
                  const RopeTable& rope, const HeadShape& shape, ValueSource value_source,
                  double eps) {
  const auto heads = [&](Dim first, Dim count) {
    return qkv.narrow(1, first * shape.head_dim, count * shape.head_dim)
        .view({qkv.size(0), count, shape.head_dim});
  };
  Qkv out;
  out.query = rotate(rms_norm(heads(0, shape.num_heads), q_norm, eps), rope);
  if (value_source == ValueSource::kNone) return out;
  const at::Tensor raw_key = heads(shape.num_heads, shape.num_kv_heads);
  const at::Tensor raw_value =
      value_source == ValueSource::kKey
          ? raw_key
          : heads(shape.num_heads + shape.num_kv_heads, shape.num_kv_heads);
  out.key = rotate(rms_norm(raw_key, k_norm, eps), rope);
  out.value = rms_norm(raw_value, at::Tensor(), eps);
  return out;
}

}  // namespace lapidary::ops::reference
