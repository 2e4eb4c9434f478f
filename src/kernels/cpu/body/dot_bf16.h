// Dot products of bfloat16 rows by the processor's own instruction.
#pragma once

#include "kernels/cpu/body/dot.h"
#include "kernels/cpu/simd/avx512_bf16.h"

namespace lapidary::kernels {

template <>
struct DotRows<Avx512Bf16, BFloat16> {
  using S = Avx512Bf16;
  using Float = S::Float;
  using Panel = BFloat16;
  static constexpr bool kIsPlain = true;
  static constexpr Dim kStep = S::kPairLanes;

  template <bool kPrefetch, int kRows, int kOuts>
  [[gnu::always_inline]] static void accumulate(const BFloat16* x, Dim x_stride, const BFloat16* w,
                                                Dim w_stride, Dim in, Dim ahead,
                                                Float (&sums)[kRows][kOuts]) {
    const Dim whole = in - in % kStep;
    for (Dim k = 0; k < whole; k += kStep) {
      S::Pairs row[kRows];
      unroll<kRows>([&](auto r) { row[r] = S::load_pairs(x + r * x_stride + k); });
      unroll<kOuts>([&](auto o) {
        const S::Pairs weight = S::load_pairs(w + o * w_stride + k);
        if constexpr (kPrefetch) __builtin_prefetch(w + o * w_stride + k + ahead);
        unroll<kRows>([&](auto r) { sums[r][o] = S::dot_pairs(row[r], weight, sums[r][o]); });
      });
    }
    if (whole == in) return;
    unroll<kOuts>([&](auto o) {
      const S::Pairs weight = S::load_pairs(w + o * w_stride + whole, in - whole);
      unroll<kRows>([&](auto r) {
        const S::Pairs row = S::load_pairs(x + r * x_stride + whole, in - whole);
        sums[r][o] = S::dot_pairs(row, weight, sums[r][o]);
      });
    });
  }
};

}  // namespace lapidary::kernels
