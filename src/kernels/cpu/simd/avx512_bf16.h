// AVX-512 with bfloat16 dot products. Included only by files that are compiled for it.
#pragma once

#include "kernels/cpu/simd/avx512.h"

namespace lapidary::kernels {

struct Avx512Bf16 : Avx512 {
  static constexpr Dim kPairLanes = 32;
  using Pairs = __m512i;  // 16 pairs of bfloat16

  static Pairs load_pairs(const BFloat16* from) { return _mm512_loadu_si512(from); }
  static Pairs load_pairs(const BFloat16* from, Dim count) {
    return _mm512_maskz_loadu_epi16((1U << static_cast<unsigned>(count)) - 1U, from);
  }
  // Lane i of sums plus a[2 i] b[2 i] + a[2 i + 1] b[2 i + 1].
  static Float dot_pairs(Pairs a, Pairs b, Float sums) {
    return _mm512_dpbf16_ps(sums, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
  }
};

}  // namespace lapidary::kernels
