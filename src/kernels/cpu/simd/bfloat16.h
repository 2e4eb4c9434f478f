// Scalar bfloat16. Forced inline: files compiled for different processors share these, and none may
// end up with another's copy.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/api/dtype.h"

namespace lapidary::kernels {

[[gnu::always_inline]] inline float to_float(float value) {
  return value;
}
[[gnu::always_inline]] inline float to_float(BFloat16 value) {
  const uint32_t bits = uint32_t{value.bits} << 16;
  float out;
  std::memcpy(&out, &bits, sizeof out);
  return out;
}

// To nearest, ties to even; a NaN stays one.
[[gnu::always_inline]] inline void assign(BFloat16& to, float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const bool is_nan = (bits & 0x7FFFFFFFU) > 0x7F800000U;
  const uint32_t rounded = is_nan ? bits | 0x400000U : bits + 0x7FFFU + ((bits >> 16) & 1U);
  to.bits = static_cast<uint16_t>(rounded >> 16);
}
[[gnu::always_inline]] inline void assign(float& to, float value) {
  to = value;
}

// As it reads back after being stored as a T.
template <typename T>
[[gnu::always_inline]] inline float rounded_to(float value) {
  T stored;
  assign(stored, value);
  return to_float(stored);
}

}  // namespace lapidary::kernels
