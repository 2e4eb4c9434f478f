// Byte tokens, "<0x00>" to "<0xFF>": what byte_fallback writes for a byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lapidary::tokenizer {

inline constexpr size_t kByteTokenSize = 6;

inline std::string byte_token(uint8_t byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return {'<', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15], '>'};
}

// The byte that `token` stands for. Reads lower-case digits too, as the ByteFallback decoder does.
inline std::optional<uint8_t> byte_of_token(std::string_view token) {
  if (token.size() != kByteTokenSize || !token.starts_with("<0x") || token.back() != '>') {
    return std::nullopt;
  }
  int value = 0;
  for (const char c : token.substr(3, 2)) {
    const char lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9') {
      value = value * 16 + (c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + (lower - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return static_cast<uint8_t>(value);
}

}  // namespace lapidary::tokenizer
