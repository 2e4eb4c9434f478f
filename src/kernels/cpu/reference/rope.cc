#include "kernels/api/rope.h"

#include "kernels/api/norm.h"
#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/simd/bfloat16.h"

namespace lapidary::kernels::reference {
namespace {

// head [head_dim], normed, turned in place.
template <typename T>
void rotate(T* head, const T* cos, const T* sin, Dim head_dim) {
  const Dim half = head_dim / 2;
  for (Dim j = 0; j < half; ++j) {
    const float low = to_float(head[j]);
    const float high = to_float(head[half + j]);
    const float c = to_float(cos[j]);
    const float s = to_float(sin[j]);
    assign(head[j], rounded_to<T>(low * c) - rounded_to<T>(high * s));
    assign(head[half + j], rounded_to<T>(high * c) + rounded_to<T>(low * s));
  }
}

}  // namespace

void qkv_norm_rope(Dtype dtype, const QkvNormRope& arrays, const QkvShape& shape) {
  with_type(dtype, [&]<typename T>() {
    const Dim dim = shape.head_dim;
    const bool has_key = shape.value_source != ValueSource::kNone;
    const bool has_value = shape.value_source == ValueSource::kProjection;
    const Dim heads =
        shape.num_heads + (has_key ? shape.num_kv_heads : 0) + (has_value ? shape.num_kv_heads : 0);
    const NormShape one_row = {1, dim, shape.eps};
    for (Dim t = 0; t < shape.tokens; ++t) {
      const T* row = static_cast<const T*>(arrays.qkv) + t * heads * dim;
      const T* cos = static_cast<const T*>(arrays.cos) + t * (dim / 2);
      const T* sin = static_cast<const T*>(arrays.sin) + t * (dim / 2);
      for (Dim h = 0; h < shape.num_heads; ++h) {
        T* query = static_cast<T*>(arrays.query) + (t * shape.num_heads + h) * dim;
        reference::rms_norm(dtype, row + h * dim, arrays.q_norm, query, one_row);
        rotate(query, cos, sin, dim);
      }
      for (Dim h = 0; has_key && h < shape.num_kv_heads; ++h) {
        const T* raw_key = row + (shape.num_heads + h) * dim;
        const T* raw_value = has_value ? raw_key + shape.num_kv_heads * dim : raw_key;
        T* key = static_cast<T*>(arrays.key) + (t * shape.num_kv_heads + h) * dim;
        reference::rms_norm(dtype, raw_key, arrays.k_norm, key, one_row);
        rotate(key, cos, sin, dim);
        reference::rms_norm(dtype, raw_value, nullptr,
                            static_cast<T*>(arrays.value) + (t * shape.num_kv_heads + h) * dim,
                            one_row);
      }
    }
  });
}

}  // namespace lapidary::kernels::reference
