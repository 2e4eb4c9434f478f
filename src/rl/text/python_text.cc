#include "rl/text/python_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "tokenizer/jinja/unicode.h"

namespace lapidary::rl {

namespace {

constexpr char32_t kReplacement = 0xFFFD;

// The code point at `at` and its length; length 0 where no UTF-8 begins.
struct Decoded {
  char32_t code = 0;
  size_t length = 0;
};

Decoded decode_at(std::string_view bytes, size_t at) {
  const auto lead = static_cast<unsigned char>(bytes[at]);
  if (lead < 0x80) {
    return {lead, 1};
  }
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + length > bytes.size()) {
    return {};
  }
  char32_t code = lead & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(bytes[at + i]);
    if ((next & 0xC0U) != 0x80U) {
      return {};
    }
    code = (code << 6) | (next & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kSmallest[length] || code > 0x10FFFF || is_surrogate) {
    return {};
  }
  return {code, length};
}

}  // namespace

Text decode_utf8(std::string_view bytes) {
  Text text;
  text.reserve(bytes.size());
  for (size_t at = 0; at < bytes.size();) {
    const Decoded next = decode_at(bytes, at);
    text.push_back(next.length == 0 ? kReplacement : next.code);
    at += next.length == 0 ? 1 : next.length;
  }
  return text;
}

std::string encode_utf8(TextView text) {
  std::string bytes;
  bytes.reserve(text.size());
  const auto put = [&bytes](char32_t value) { bytes.push_back(static_cast<char>(value)); };
  for (const char32_t code : text) {
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xC0 | (code >> 6));
      put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      put(0xE0 | (code >> 12));
      put(0x80 | ((code >> 6) & 0x3F));
      put(0x80 | (code & 0x3F));
    } else {
      put(0xF0 | (code >> 18));
      put(0x80 | ((code >> 12) & 0x3F));
      put(0x80 | ((code >> 6) & 0x3F));
      put(0x80 | (code & 0x3F));
    }
  }
  return bytes;
}

Text ascii(std::string_view literal) {
  return {literal.begin(), literal.end()};
}

bool is_space(char32_t code) {
  return tokenizer::jinja::is_space(code);
}

bool is_alpha(char32_t code) {
  return tokenizer::jinja::is_alpha(code);
}

bool is_digit(char32_t code) {
  return tokenizer::jinja::is_digit(code);
}

bool is_word_character(char32_t code) {
  return code == U'_' || tokenizer::jinja::is_alnum(code);
}

TextView strip(TextView text) {
  while (!text.empty() && is_space(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_space(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

Text lower(TextView text) {
  return decode_utf8(tokenizer::jinja::to_lower(encode_utf8(text)));
}

bool contains(TextView text, TextView part) {
  return text.find(part) != TextView::npos;
}

Text replace_all(TextView text, TextView part, TextView by) {
  Text out;
  size_t from = 0;
  for (size_t at = text.find(part); at != TextView::npos; at = text.find(part, from)) {
    out.append(text.substr(from, at - from)).append(by);
    from = at + part.size();
  }
  return out.append(text.substr(from));
}

std::vector<Text> split(TextView text, TextView separator) {
  std::vector<Text> parts;
  size_t from = 0;
  for (size_t at = text.find(separator); at != TextView::npos; at = text.find(separator, from)) {
    parts.emplace_back(text.substr(from, at - from));
    from = at + separator.size();
  }
  parts.emplace_back(text.substr(from));
  return parts;
}

TextView last_characters(TextView text, size_t count) {
  return text.size() > count ? text.substr(text.size() - count) : text;
}

size_t skip_spaces(TextView text, size_t at) {
  while (at < text.size() && is_space(text[at])) {
    ++at;
  }
  return at;
}

std::optional<double> parse_float(TextView text) {
  text = strip(text);
  std::string digits;  // the text without underscores, which must stand between digits
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == U'_') {
      if (i == 0 || i + 1 == text.size() || !is_ascii_digit(text[i - 1]) ||
          !is_ascii_digit(text[i + 1])) {
        return std::nullopt;
      }
      continue;
    }
    if (text[i] >= 0x80) {
      return std::nullopt;
    }
    digits.push_back(static_cast<char>(text[i]));
  }
  std::string_view body = digits;
  const bool is_negative = body.starts_with('-');
  if (body.starts_with('+') || is_negative) {
    body.remove_prefix(1);
  }
  const std::string word = encode_utf8(lower(ascii(body)));
  double value = 0;
  if (word == "inf" || word == "infinity") {
    value = HUGE_VAL;
  } else if (word == "nan") {
    value = std::nan("");
  } else {
    if (body.empty() || !(is_ascii_digit(static_cast<unsigned char>(body[0])) || body[0] == '.')) {
      return std::nullopt;
    }
    const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), value);
    if (end != body.data() + body.size() || error == std::errc::invalid_argument) {
      return std::nullopt;
    }
    if (error == std::errc::result_out_of_range) {
      value = std::strtod(std::string(body).c_str(), nullptr);  // infinity or zero
    }
  }
  return is_negative ? -value : value;
}

std::string python_repr(double value) {
  if (std::isnan(value)) {
    return "nan";
  }
  if (std::isinf(value)) {
    return value < 0 ? "-inf" : "inf";
  }
  std::array<char, 40> buffer{};
  const auto shortest = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                      std::chars_format::scientific);
  const std::string_view scientific(buffer.data(),
                                    static_cast<size_t>(shortest.ptr - buffer.data()));
  const size_t mark = scientific.find('e');
  const int exponent = std::atoi(std::string(scientific.substr(mark + 1)).c_str());
  if (exponent < -4 || exponent >= 16) {
    return std::string(scientific);
  }
  std::array<char, 64> plain{};
  const auto end =
      std::to_chars(plain.data(), plain.data() + plain.size(), value, std::chars_format::fixed).ptr;
  std::string text(plain.data(), end);
  if (text.find('.') == std::string::npos) {
    text += ".0";
  }
  return text;
}

double round_to_tenth(double value) {
  std::array<char, 400> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f", value);
  return std::strtod(buffer.data(), nullptr);
}

std::string integer_text(double value) {
  std::array<char, 400> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.0f", std::trunc(value));
  const std::string text = buffer.data();
  return text == "-0" ? "0" : text;
}

}  // namespace lapidary::rl
