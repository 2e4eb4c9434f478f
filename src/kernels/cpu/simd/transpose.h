// Eight rows by eight columns, turned, as fp32. A template on the instruction set only so that each
// gets its own copy.
#pragma once

#include <immintrin.h>

#include "kernels/api/dtype.h"

namespace lapidary::kernels {

template <typename S>
[[gnu::always_inline]] inline __m256 load_8(const float* from) {
  return _mm256_loadu_ps(from);
}
template <typename S>
[[gnu::always_inline]] inline __m256 load_8(const BFloat16* from) {
  const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}

// to[c * to_stride + r] = from[r * from_stride + c]
template <typename S, typename T>
inline void transpose_8x8(const T* from, Dim from_stride, float* to, Dim to_stride) {
  __m256 rows[8];
  unroll<8>([&](auto r) { rows[r] = load_8<S>(from + r * from_stride); });
  __m256 pairs[8];  // of rows 2 i and 2 i + 1: columns 0 1 | 4 5, then 2 3 | 6 7
  unroll<4>([&](auto i) {
    pairs[2 * i] = _mm256_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
    pairs[2 * i + 1] = _mm256_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
  });
  __m256 quads[8];  // of rows 0 to 3, then 4 to 7: column i | i + 4
  unroll<2>([&](auto half) {
    unroll<2>([&](auto i) {
      const __m256 low = pairs[4 * half + i];
      const __m256 high = pairs[4 * half + 2 + i];
      quads[4 * half + 2 * i] = _mm256_shuffle_ps(low, high, 0x44);
      quads[4 * half + 2 * i + 1] = _mm256_shuffle_ps(low, high, 0xEE);
    });
  });
  unroll<4>([&](auto i) {
    _mm256_storeu_ps(to + i * to_stride, _mm256_permute2f128_ps(quads[i], quads[4 + i], 0x20));
    _mm256_storeu_ps(to + (4 + i) * to_stride,
                     _mm256_permute2f128_ps(quads[i], quads[4 + i], 0x31));
  });
}

}  // namespace lapidary::kernels
