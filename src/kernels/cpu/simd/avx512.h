// Sixteen fp32 lanes of AVX-512 F, BW, DQ, VL. Included only by files that are compiled for it.
// Members as in avx2.h.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "base/dim.h"
#include "kernels/api/dtype.h"

namespace lapidary::kernels {

struct Avx512 {
  using Float = __m512;
  static constexpr int kLanes = 16;
  static constexpr int kNumRegisters = 32;

  static Float zero() { return _mm512_setzero_ps(); }
  static Float set(float value) { return _mm512_set1_ps(value); }
  static Float add(Float a, Float b) { return _mm512_add_ps(a, b); }
  static Float sub(Float a, Float b) { return _mm512_sub_ps(a, b); }
  static Float mul(Float a, Float b) { return _mm512_mul_ps(a, b); }
  static Float div(Float a, Float b) { return _mm512_div_ps(a, b); }
  static Float fma(Float a, Float b, Float c) { return _mm512_fmadd_ps(a, b, c); }
  static Float neg_fma(Float a, Float b, Float c) { return _mm512_fnmadd_ps(a, b, c); }
  static Float max(Float a, Float b) { return _mm512_max_ps(a, b); }
  static Float min(Float a, Float b) { return _mm512_min_ps(a, b); }
  static Float abs(Float a) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0F), a); }
  static Float copy_sign(Float magnitude, Float sign) {
    return _mm512_or_ps(magnitude, _mm512_and_ps(_mm512_set1_ps(-0.0F), sign));
  }
  static Float round(Float a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Float select_less(Float a, Float b, Float if_less, Float otherwise) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), otherwise, if_less);
  }
  static Float power_of_two(Float n) {
    const __m512i biased = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(biased, 23));
  }

  static Float load(const float* from) { return _mm512_loadu_ps(from); }
  static void store(float* to, Float value) { _mm512_storeu_ps(to, value); }
  static Float load(const float* from, Dim count) {
    return _mm512_maskz_loadu_ps(first_lanes(count), from);
  }
  static void store(float* to, Float value, Dim count) {
    _mm512_mask_storeu_ps(to, first_lanes(count), value);
  }

  static Float load(const BFloat16* from) {
    return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
  static void store(BFloat16* to, Float value) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), narrow(value));
  }
  static Float load(const BFloat16* from, Dim count) {
    return widen(_mm256_maskz_loadu_epi16(first_lanes(count), from));
  }
  static void store(BFloat16* to, Float value, Dim count) {
    _mm256_mask_storeu_epi16(to, first_lanes(count), narrow(value));
  }
  static Float load_even(const BFloat16* from) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(from), 16));
  }
  static Float load_odd(const BFloat16* from) {
    return _mm512_castsi512_ps(_mm512_and_si512(_mm512_set1_epi32(static_cast<int>(0xFFFF0000U)),
                                                _mm512_loadu_si512(from)));
  }

  static Float round_to(Float value, const float*) { return value; }
  static Float round_to(Float value, const BFloat16*) { return widen(narrow(value)); }

  // Lane i and i + 8 first, then as Avx2::sums.
  static __m128 sums(Float a, Float b, Float c, Float d) {
    const __m256 quads =
        _mm256_hadd_ps(_mm256_hadd_ps(fold(a), fold(b)), _mm256_hadd_ps(fold(c), fold(d)));
    return _mm_add_ps(_mm256_castps256_ps128(quads), _mm256_extractf128_ps(quads, 1));
  }
  static float sum(Float a) { return _mm_cvtss_f32(sums(a, a, a, a)); }
  static float first_lane(Float a) { return _mm512_cvtss_f32(a); }
  static float max_lane(Float a) { return _mm512_reduce_max_ps(a); }

 private:
  static __mmask16 first_lanes(Dim count) {
    return static_cast<__mmask16>((1U << static_cast<unsigned>(count)) - 1U);
  }
  static __m256 fold(Float a) {
    return _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  }
  static Float widen(__m256i bits) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
  }
  static __m256i narrow(Float value) {
    const __m512i bits = _mm512_castps_si512(value);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded =
        _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
    const __m512i kept = _mm512_mask_or_epi32(
        rounded, _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q), bits, _mm512_set1_epi32(0x400000));
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(kept, 16));
  }
};

}  // namespace lapidary::kernels
