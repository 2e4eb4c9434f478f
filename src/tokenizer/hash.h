// Hashes of short byte strings and of integers, for the flat tables of this room. Not stable
// between versions: never stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace lapidary::tokenizer {

// Every bit of `value` reaches every bit of the result (the finaliser of MurmurHash3).
inline uint64_t mix_bits(uint64_t value) {
  value ^= value >> 33;
  value *= 0xFF51AFD7ED558CCDu;
  value ^= value >> 33;
  value *= 0xC4CEB9FE1A85EC53u;
  return value ^ value >> 33;
}

inline uint64_t hash_bytes(std::string_view text) {
  constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15u;
  uint64_t hash = text.size() * kMultiplier;
  const char* at = text.data();
  size_t left = text.size();
  uint64_t word = 0;
  for (; left >= 8; left -= 8, at += 8) {
    std::memcpy(&word, at, 8);
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 32;
  }
  word = 0;
  if (left >= 4) {  // two loads that overlap, instead of a loop over bytes
    uint32_t low = 0;
    uint32_t high = 0;
    std::memcpy(&low, at, 4);
    std::memcpy(&high, at + left - 4, 4);
    word = uint64_t{high} << 32 | low;
  } else if (left > 0) {
    const auto byte = [&](size_t i) -> uint64_t { return static_cast<unsigned char>(at[i]); };
    word = byte(0) | byte(left / 2) << 8 | byte(left - 1) << 16;
  }
  return mix_bits(hash ^ word);
}

}  // namespace lapidary::tokenizer
