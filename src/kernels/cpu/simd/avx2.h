// Eight fp32 lanes of AVX2 and FMA. Included only by files that are compiled for it.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "base/dim.h"
#include "kernels/api/dtype.h"

namespace lapidary::kernels {

struct Avx2 {
  using Float = __m256;
  static constexpr int kLanes = 8;
  static constexpr int kNumRegisters = 16;

  static Float zero() { return _mm256_setzero_ps(); }
  static Float set(float value) { return _mm256_set1_ps(value); }
  static Float add(Float a, Float b) { return _mm256_add_ps(a, b); }
  static Float sub(Float a, Float b) { return _mm256_sub_ps(a, b); }
  static Float mul(Float a, Float b) { return _mm256_mul_ps(a, b); }
  static Float div(Float a, Float b) { return _mm256_div_ps(a, b); }
  static Float fma(Float a, Float b, Float c) { return _mm256_fmadd_ps(a, b, c); }       // a b + c
  static Float neg_fma(Float a, Float b, Float c) { return _mm256_fnmadd_ps(a, b, c); }  // c - a b
  // The second argument where either is NaN.
  static Float max(Float a, Float b) { return _mm256_max_ps(a, b); }
  static Float min(Float a, Float b) { return _mm256_min_ps(a, b); }
  static Float abs(Float a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), a); }
  static Float copy_sign(Float magnitude, Float sign) {
    return _mm256_or_ps(magnitude, _mm256_and_ps(_mm256_set1_ps(-0.0F), sign));
  }
  static Float round(Float a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Float select_less(Float a, Float b, Float if_less, Float otherwise) {
    return _mm256_blendv_ps(otherwise, if_less, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
  }
  // 2^n for integral n in [-127, 128]: 0 at -127, infinity at 128.
  static Float power_of_two(Float n) {
    const __m256i biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
  }

  static Float load(const float* from) { return _mm256_loadu_ps(from); }
  static void store(float* to, Float value) { _mm256_storeu_ps(to, value); }
  // The first `count` (1 .. kLanes - 1) lanes; the others are 0, or not touched.
  static Float load(const float* from, Dim count) {
    return _mm256_maskload_ps(from, first_lanes(count));
  }
  static void store(float* to, Float value, Dim count) {
    _mm256_maskstore_ps(to, first_lanes(count), value);
  }

  static Float load(const BFloat16* from) { return widen(load_8(from)); }
  static void store(BFloat16* to, Float value) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), narrow(value));
  }
  static Float load(const BFloat16* from, Dim count) {
    alignas(16) BFloat16 lanes[kLanes] = {};
    std::memcpy(lanes, from, static_cast<size_t>(count) * sizeof(BFloat16));
    return widen(load_8(lanes));
  }
  static void store(BFloat16* to, Float value, Dim count) {
    alignas(16) BFloat16 lanes[kLanes];
    _mm_store_si128(reinterpret_cast<__m128i*>(lanes), narrow(value));
    std::memcpy(to, lanes, static_cast<size_t>(count) * sizeof(BFloat16));
  }
  // 16 values as the 8 of even and the 8 of odd index.
  struct Pair {
    Float even;
    Float odd;
  };
  static Float load_even(const BFloat16* from) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(load_16(from), 16));
  }
  static Float load_odd(const BFloat16* from) {
    return _mm256_castsi256_ps(
        _mm256_and_si256(_mm256_set1_epi32(static_cast<int>(0xFFFF0000U)), load_16(from)));
  }

  static Float round_to(Float value, const float*) { return value; }
  static Float round_to(Float value, const BFloat16*) { return widen(narrow(value)); }

  // ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)) of each of four.
  static __m128 sums(Float a, Float b, Float c, Float d) {
    const __m256 quads = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    return _mm_add_ps(_mm256_castps256_ps128(quads), _mm256_extractf128_ps(quads, 1));
  }
  static float sum(Float a) { return _mm_cvtss_f32(sums(a, a, a, a)); }
  static float first_lane(Float a) { return _mm256_cvtss_f32(a); }
  static float max_lane(Float a) {
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
  }

 private:
  static __m256i first_lanes(Dim count) {
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), index);
  }
  static __m128i load_8(const BFloat16* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  }
  static __m256i load_16(const BFloat16* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  static Float widen(__m128i bits) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
  }
  // To nearest, ties to even; a NaN stays one.
  static __m128i narrow(Float value) {
    const __m256i bits = _mm256_castps_si256(value);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i rounded =
        _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF)));
    const __m256 is_nan = _mm256_cmp_ps(value, value, _CMP_UNORD_Q);
    const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    const __m256i high =
        _mm256_srli_epi32(_mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(rounded),
                                                               _mm256_castsi256_ps(quiet), is_nan)),
                          16);
    return _mm_packus_epi32(_mm256_castsi256_si128(high), _mm256_extracti128_si256(high, 1));
  }
};

}  // namespace lapidary::kernels
