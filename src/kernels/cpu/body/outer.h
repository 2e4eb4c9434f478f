// Small matrix products by outer products: C (+)= A B with fp32 A read element by element, in any
// strides, and B and C rows read as vectors. The products inside packed attention.
#pragma once

#include "kernels/cpu/simd/lanes.h"
#include "kernels/cpu/simd/unroll.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {

template <typename S>
struct OuterTile {
  static constexpr int kRows = 6;
  static constexpr int kVectors = S::kNumRegisters == 16 ? 2 : 4;
};

// kRows rows and kVectors vectors of C; the last vector holds `lanes`.
template <typename S, int kRows, int kVectors, typename Lanes>
inline void outer_tile(const OuterProduct& product, Dim row, Dim column, Lanes lanes) {
  typename S::Float sums[kRows][kVectors];
  const auto address = [&](auto r, auto v) {
    return product.c + (row + r) * product.c_stride + column + v * S::kLanes;
  };
  unroll<kRows>([&](auto r) {
    unroll<kVectors>(
        [&](auto v) { sums[r][v] = product.is_first ? S::zero() : load<S>(address(r, v), lanes); });
  });
  const float* a = product.a + row * product.a_row_stride;
  const float* b = product.b + column;
  for (Dim k = 0; k < product.depth; ++k) {
    typename S::Float vectors[kVectors];
    unroll<kVectors>([&](auto v) { vectors[v] = load<S>(b + v * S::kLanes, lanes); });
    unroll<kRows>([&](auto r) {
      const auto factor = S::set(a[r * product.a_row_stride]);
      unroll<kVectors>([&](auto v) { sums[r][v] = S::fma(factor, vectors[v], sums[r][v]); });
    });
    a += product.a_depth_stride;
    b += product.b_stride;
  }
  unroll<kRows>([&](auto r) {
    unroll<kVectors>([&](auto v) { store<S>(address(r, v), sums[r][v], lanes); });
  });
}

template <typename S, int kVectors, typename Lanes, int kRows = OuterTile<S>::kRows>
inline void outer_columns(const OuterProduct& product, Dim row, Dim column, Lanes lanes) {
  for (; row + kRows <= product.rows; row += kRows) {
    outer_tile<S, kRows, kVectors>(product, row, column, lanes);
  }
  if constexpr (kRows > 1) {
    if (row < product.rows) {
      outer_columns<S, kVectors, Lanes, kRows - 1>(product, row, column, lanes);
    }
  }
}

template <typename S>
void outer_product(const OuterProduct& product) {
  constexpr int kVectors = OuterTile<S>::kVectors;
  constexpr Dim kWide = kVectors * S::kLanes;
  Dim column = 0;
  for (; column + kWide <= product.columns; column += kWide) {
    outer_columns<S, kVectors>(product, 0, column, AllLanes{});
  }
  for (; column + S::kLanes <= product.columns; column += S::kLanes) {
    outer_columns<S, 1>(product, 0, column, AllLanes{});
  }
  if (column < product.columns) {
    outer_columns<S, 1>(product, 0, column, SomeLanes{product.columns - column});
  }
}

}  // namespace lapidary::kernels
