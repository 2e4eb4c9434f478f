// UTF-8, byte by byte: what is whole, what is cut off, what is broken (Unicode 15, table 3-7:
// no overlong forms, no surrogates, nothing above U+10FFFF).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lapidary::tokenizer {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

enum class Utf8 {
  kWhole,   // the text begins with a well-formed character
  kCut,     // the text is a proper beginning of one, and more bytes may complete it
  kBroken,  // no byte that follows can mend it
};

struct Utf8Character {
  Utf8 kind;
  size_t
      num_bytes;  // of the character, or of the ill-formed bytes that belong together (at least 1)
};

// What `text` (not empty) begins with. The ill-formed stretches are the "maximal subparts" that
// Python's errors="replace" and the WHATWG decoder replace by one U+FFFD each.
Utf8Character first_character(std::string_view text);

// Bytes before the first ill-formed one; text.size() when all is well-formed.
size_t well_formed_prefix(std::string_view text);

// `text` with each ill-formed stretch replaced by U+FFFD.
std::string replace_ill_formed(std::string_view text);

struct CodePoint {
  uint32_t value;
  uint32_t num_bytes;
};

// The character at byte `at` of a text that is known to be well-formed.
inline CodePoint code_point_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> uint32_t { return static_cast<unsigned char>(text[at + i]); };
  const uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xE0) return {(lead & 0x1Fu) << 6 | (byte(1) & 0x3Fu), 2};
  if (lead < 0xF0) {
    return {(lead & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu), 3};
  }
  return {
      (lead & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu),
      4};
}

// The last character of a well-formed text that is not empty.
CodePoint last_code_point(std::string_view text);

void append_code_point(std::string& out, uint32_t value);

// Unicode's White_Space property.
bool is_white_space(uint32_t code_point);

}  // namespace lapidary::tokenizer
