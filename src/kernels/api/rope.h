// The step between the qkv projection and attention: per-head norms and rotation.
#pragma once

#include "base/dim.h"
#include "kernels/api/dtype.h"

namespace lapidary::kernels {

enum class ValueSource {
  kProjection,  // rows of qkv are [q | k | v]
  kKey,         // [q | k]; the value is the raw key projection
  kNone,        // [q]
};

struct QkvShape {
  Dim tokens;
  Dim num_heads;
  Dim num_kv_heads;
  Dim head_dim;  // even
  ValueSource value_source;
  double eps;
};

// All pointers to dense rows of `dtype`.
struct QkvNormRope {
  const void* qkv;     // [tokens, (num_heads + n num_kv_heads) head_dim]; n = 2, 1 or 0
  const void* q_norm;  // [head_dim]
  const void* k_norm;  // [head_dim]; unused for kNone
  const void* cos;     // [tokens, head_dim / 2]
  const void* sin;     // [tokens, head_dim / 2]
  void* query;         // [tokens, num_heads, head_dim]: normed, rotated
  void* key;           // [tokens, num_kv_heads, head_dim]: normed, rotated; unused for kNone
  void* value;  // [tokens, num_kv_heads, head_dim]: scale-free norm, not rotated; unused for kNone
};

// Rotation pairs dim j with j + head_dim / 2. Rounded after the norm, after each product with cos
// or sin and after their sum, as HF computes it.
void qkv_norm_rope(Dtype dtype, const QkvNormRope& arrays, const QkvShape& shape);

namespace reference {
void qkv_norm_rope(Dtype dtype, const QkvNormRope& arrays, const QkvShape& shape);
}  // namespace reference

}  // namespace lapidary::kernels
