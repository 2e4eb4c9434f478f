#include "tokenizer/utf8.h"

#include <cstring>

namespace lapidary::tokenizer {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080u;

// Bytes of ASCII at the start of `text`, counted eight at a time.
size_t ascii_prefix(std::string_view text) {
  size_t at = 0;
  while (at + 8 <= text.size()) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & kHighBits) != 0) break;
    at += 8;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

struct SecondByte {
  unsigned char least, most;
};

// The range of the second byte, which rules out overlong forms, surrogates and what lies above
// U+10FFFF.
SecondByte second_byte_after(unsigned char lead) {
  switch (lead) {
    case 0xE0:
      return {0xA0, 0xBF};
    case 0xED:
      return {0x80, 0x9F};
    case 0xF0:
      return {0x90, 0xBF};
    case 0xF4:
      return {0x80, 0x8F};
    default:
      return {0x80, 0xBF};
  }
}

size_t length_from_lead(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

}  // namespace

Utf8Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = length_from_lead(lead);
  if (length == 0) return {Utf8::kBroken, 1};
  for (size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {Utf8::kCut, i};
    const auto byte = static_cast<unsigned char>(text[i]);
    const SecondByte range = i == 1 ? second_byte_after(lead) : SecondByte{0x80, 0xBF};
    if (byte < range.least || byte > range.most) return {Utf8::kBroken, i};
  }
  return {Utf8::kWhole, length};
}

size_t well_formed_prefix(std::string_view text) {
  size_t at = 0;
  while (true) {
    at += ascii_prefix(text.substr(at));
    if (at == text.size()) return at;
    const Utf8Character next = first_character(text.substr(at));
    if (next.kind != Utf8::kWhole) return at;
    at += next.num_bytes;
  }
}

std::string replace_ill_formed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (true) {
    const size_t good = well_formed_prefix(text);
    out += text.substr(0, good);
    text.remove_prefix(good);
    if (text.empty()) return out;
    out += kReplacementCharacter;
    text.remove_prefix(first_character(text).num_bytes);
  }
}

CodePoint last_code_point(std::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return code_point_at(text, at);
}

void append_code_point(std::string& out, uint32_t value) {
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xC0 | value >> 6);
    put(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    put(0xE0 | value >> 12);
    put(0x80 | (value >> 6 & 0x3F));
    put(0x80 | (value & 0x3F));
  } else {
    put(0xF0 | value >> 18);
    put(0x80 | (value >> 12 & 0x3F));
    put(0x80 | (value >> 6 & 0x3F));
    put(0x80 | (value & 0x3F));
  }
}

bool is_white_space(uint32_t code_point) {
  return (code_point >= 0x09 && code_point <= 0x0D) || code_point == 0x20 || code_point == 0x85 ||
         code_point == 0xA0 || code_point == 0x1680 ||
         (code_point >= 0x2000 && code_point <= 0x200A) || code_point == 0x2028 ||
         code_point == 0x2029 || code_point == 0x202F || code_point == 0x205F ||
         code_point == 0x3000;
}

}  // namespace lapidary::tokenizer
