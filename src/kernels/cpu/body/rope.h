#pragma once

#include "kernels/cpu/body/norm.h"

namespace lapidary::kernels {

// One head: norm with `weight`, then rotation of dim j with j + head_dim / 2.
template <typename S, typename T>
inline void norm_rope_head(const T* head, const T* weight, const T* cos, const T* sin, Dim head_dim,
                           float eps, T* output) {
  const Dim half = head_dim / 2;
  const auto inverse = inverse_root<S>(head, head_dim, eps);
  for_lanes<S>(half, [&](Dim i, auto lanes) {
    const auto low = rounded<S, T>(normed<S>(load<S>(head + i, lanes), inverse, weight, i, lanes));
    const auto high =
        rounded<S, T>(normed<S>(load<S>(head + half + i, lanes), inverse, weight, half + i, lanes));
    const auto c = load<S>(cos + i, lanes);
    const auto s = load<S>(sin + i, lanes);
    const auto rotated_low = S::sub(rounded<S, T>(S::mul(low, c)), rounded<S, T>(S::mul(high, s)));
    const auto rotated_high = S::add(rounded<S, T>(S::mul(high, c)), rounded<S, T>(S::mul(low, s)));
    store<S>(output + i, rotated_low, lanes);
    store<S>(output + half + i, rotated_high, lanes);
  });
}

template <typename S, typename T>
void qkv_norm_rope_rows(const QkvArrays<T>& arrays, const QkvShape& shape, Dim begin, Dim end) {
  const Dim dim = shape.head_dim;
  const auto eps = static_cast<float>(shape.eps);
  const Dim kv_width = shape.num_kv_heads * dim;
  const Dim query_width = shape.num_heads * dim;
  const Dim width = query_width + kv_width * (shape.value_source == ValueSource::kProjection ? 2
                                              : shape.value_source == ValueSource::kKey      ? 1
                                                                                             : 0);
  for (Dim t = begin; t < end; ++t) {
    const T* cos = arrays.cos + t * (dim / 2);
    const T* sin = arrays.sin + t * (dim / 2);
    const T* query = arrays.qkv + t * width;
    for (Dim h = 0; h < shape.num_heads; ++h) {
      norm_rope_head<S>(query + h * dim, arrays.q_norm, cos, sin, dim, eps,
                        arrays.query + t * query_width + h * dim);
    }
    if (shape.value_source == ValueSource::kNone) continue;
    const T* key = query + query_width;
    const T* value = shape.value_source == ValueSource::kKey ? key : key + kv_width;
    for (Dim h = 0; h < shape.num_kv_heads; ++h) {
      norm_rope_head<S>(key + h * dim, arrays.k_norm, cos, sin, dim, eps,
                        arrays.key + t * kv_width + h * dim);
    }
    const NormArrays<T> values = {
        nullptr, value, nullptr, nullptr, nullptr, 1.0F, arrays.value + t * kv_width};
    norm_rows<S>(values, dim, eps, 0, shape.num_kv_heads);
  }
}

}  // namespace lapidary::kernels
