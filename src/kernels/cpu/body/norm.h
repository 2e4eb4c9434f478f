#pragma once

#include "kernels/cpu/simd/lanes.h"
#include "kernels/cpu/simd/unroll.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {

template <typename S, typename T>
[[gnu::always_inline]] inline float sum_of_squares(const T* row, Dim dim) {
  constexpr int kChains = 4;
  typename S::Float sums[kChains];
  unroll<kChains>([&](auto c) { sums[c] = S::zero(); });
  Dim i = 0;
  for (; i + kChains * S::kLanes <= dim; i += kChains * S::kLanes) {
    unroll<kChains>([&](auto c) {
      const auto x = S::load(row + i + c * S::kLanes);
      sums[c] = S::fma(x, x, sums[c]);
    });
  }
  for_lanes<S>(dim - i, [&](Dim j, auto lanes) {
    const auto x = load<S>(row + i + j, lanes);
    sums[0] = S::fma(x, x, sums[0]);
  });
  return S::sum(S::add(S::add(sums[0], sums[1]), S::add(sums[2], sums[3])));
}

// 1 / sqrt(mean square + eps)
template <typename S, typename T>
[[gnu::always_inline]] inline typename S::Float inverse_root(const T* row, Dim dim, float eps) {
  const float mean = sum_of_squares<S>(row, dim) / static_cast<float>(dim);
  return S::set(1.0F / __builtin_sqrtf(mean + eps));
}

// What rms_norm writes for a vector, before it is rounded.
template <typename S, typename T, typename Lanes>
[[gnu::always_inline]] inline typename S::Float normed(typename S::Float x,
                                                       typename S::Float inverse, const T* weight,
                                                       Dim i, Lanes lanes) {
  const auto y = S::mul(x, inverse);
  return weight == nullptr ? y : S::mul(y, load<S>(weight + i, lanes));
}

template <typename S, typename T>
void norm_rows(const NormArrays<T>& arrays, Dim dim, float eps, Dim begin, Dim end) {
  for (Dim r = begin; r < end; ++r) {
    const T* input = arrays.input + r * dim;
    const auto inverse = inverse_root<S>(input, dim, eps);
    T* output = arrays.output + r * dim;
    for_lanes<S>(dim, [&](Dim i, auto lanes) {
      store<S>(output + i, normed<S>(load<S>(input + i, lanes), inverse, arrays.weight, i, lanes),
               lanes);
    });
  }
}

template <typename S, typename T>
void add_norm_rows(const NormArrays<T>& arrays, Dim dim, float eps, Dim begin, Dim end) {
  const auto scale = S::set(arrays.scale);
  for (Dim r = begin; r < end; ++r) {
    const T* input = arrays.input + r * dim;
    const T* residual = arrays.residual + r * dim;
    const auto inverse = inverse_root<S>(input, dim, eps);
    T* output = arrays.output + r * dim;
    for_lanes<S>(dim, [&](Dim i, auto lanes) {
      const auto y =
          rounded<S, T>(normed<S>(load<S>(input + i, lanes), inverse, arrays.weight, i, lanes));
      const auto sum = rounded<S, T>(S::add(load<S>(residual + i, lanes), y));
      store<S>(output + i, S::mul(sum, scale), lanes);
    });
  }
}

template <typename S, typename T>
void sum_norm_rows(const NormArrays<T>& arrays, Dim dim, float eps, Dim begin, Dim end) {
  for (Dim r = begin; r < end; ++r) {
    const T* first = arrays.input + r * dim;
    const T* second = arrays.second + r * dim;
    const auto first_inverse = inverse_root<S>(first, dim, eps);
    const auto second_inverse = inverse_root<S>(second, dim, eps);
    T* output = arrays.output + r * dim;
    for_lanes<S>(dim, [&](Dim i, auto lanes) {
      const auto a = rounded<S, T>(
          normed<S>(load<S>(first + i, lanes), first_inverse, arrays.weight, i, lanes));
      const auto b = rounded<S, T>(
          normed<S>(load<S>(second + i, lanes), second_inverse, arrays.second_weight, i, lanes));
      store<S>(output + i, S::add(a, b), lanes);
    });
  }
}

}  // namespace lapidary::kernels
