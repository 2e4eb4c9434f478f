// sums[r, :] += sum over keys of weight[r, key] * value[key, :], key by key: the second half of
// attention over cached rows, read as they lie.
#pragma once

#include "kernels/cpu/simd/lanes.h"
#include "kernels/cpu/simd/unroll.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {

template <typename S, typename T, int kRows, int kVectors, typename Lanes>
inline void values_tile(const ValueBlock<T>& block, Dim row, Dim column, Lanes lanes) {
  typename S::Float sums[kRows][kVectors];
  float* to = block.sums + row * block.sums_stride + column;
  unroll<kRows>([&](auto r) {
    unroll<kVectors>(
        [&](auto v) { sums[r][v] = load<S>(to + r * block.sums_stride + v * S::kLanes, lanes); });
  });
  const float* weight = block.weights + row * block.weights_stride;
  const T* value = block.values + column;
  for (Dim key = 0; key < block.num_keys; ++key, ++weight, value += block.values_stride) {
    typename S::Float vectors[kVectors];
    unroll<kVectors>([&](auto v) { vectors[v] = load<S>(value + v * S::kLanes, lanes); });
    unroll<kRows>([&](auto r) {
      const auto factor = S::set(weight[r * block.weights_stride]);
      unroll<kVectors>([&](auto v) { sums[r][v] = S::fma(factor, vectors[v], sums[r][v]); });
    });
  }
  unroll<kRows>([&](auto r) {
    unroll<kVectors>(
        [&](auto v) { store<S>(to + r * block.sums_stride + v * S::kLanes, sums[r][v], lanes); });
  });
}

template <typename S, typename T, int kVectors, typename Lanes, int kRows = 2>
inline void values_columns(const ValueBlock<T>& block, Dim row, Dim column, Lanes lanes) {
  for (; row + kRows <= block.rows; row += kRows) {
    values_tile<S, T, kRows, kVectors>(block, row, column, lanes);
  }
  if constexpr (kRows > 1) {
    if (row < block.rows) {
      values_columns<S, T, kVectors, Lanes, kRows - 1>(block, row, column, lanes);
    }
  }
}

template <typename S, typename T>
void add_values(const ValueBlock<T>& block) {
  constexpr int kVectors = 4;
  Dim column = 0;
  for (; column + kVectors * S::kLanes <= block.dim; column += kVectors * S::kLanes) {
    values_columns<S, T, kVectors>(block, 0, column, AllLanes{});
  }
  for (; column + S::kLanes <= block.dim; column += S::kLanes) {
    values_columns<S, T, 1>(block, 0, column, AllLanes{});
  }
  if (column < block.dim) {
    values_columns<S, T, 1>(block, 0, column, SomeLanes{block.dim - column});
  }
}

}  // namespace lapidary::kernels
