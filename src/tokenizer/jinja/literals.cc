#include "tokenizer/jinja/literals.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "tokenizer/jinja/arithmetic.h"
#include "tokenizer/jinja/syntax_failure.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : 99;
}

bool is_digit_of(char c, int base) {
  return digit_value(c) < base;
}

// (_?digit)* from `at` on.
size_t past_digits(std::string_view text, size_t at, int base) {
  while (at < text.size()) {
    const size_t digit = text[at] == '_' ? at + 1 : at;
    if (digit >= text.size() || !is_digit_of(text[digit], base)) break;
    at = digit + 1;
  }
  return at;
}

// digit(_?digit)* from `at` on; `at` where there is no digit.
size_t past_number(std::string_view text, size_t at) {
  if (at >= text.size() || !is_digit_of(text[at], 10)) return at;
  return past_digits(text, at + 1, 10);
}

size_t past_exponent(std::string_view text, size_t at) {
  if (at >= text.size() || (text[at] | 0x20) != 'e') return at;
  size_t digits = at + 1;
  if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) ++digits;
  const size_t end = past_number(text, digits);
  return end == digits ? at : end;
}

int base_of_prefix(std::string_view text) {
  if (text.size() < 2 || text[0] != '0') return 10;
  switch (text[1] | 0x20) {
    case 'b':
      return 2;
    case 'o':
      return 8;
    case 'x':
      return 16;
    default:
      return 10;
  }
}

std::optional<Integer> digits_value(std::string_view digits, int base) {
  Integer out = 0;
  for (const char c : digits) {
    if (c == '_') continue;
    if (out > (kLargestInteger - digit_value(c)) / base) return std::nullopt;
    out = out * base + digit_value(c);
  }
  return out;
}

std::string_view stripped(std::string_view text) {
  size_t start = 0;
  for (size_t at = 0; at < text.size() && is_space(next_code_point(text, at));) start = at;
  size_t end = text.size();
  for (size_t at = end; at > start && is_space(previous_code_point(text, at));) end = at;
  return text.substr(start, end - start);
}

// Digits of other scripts as ASCII's.
std::string with_ascii_digits(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const int digit = decimal_value(next_code_point(text, at));
    if (digit >= 0) {
      out += static_cast<char>('0' + digit);
    } else {
      out += text.substr(start, at - start);
    }
  }
  return out;
}

std::string without_underscores(std::string_view text) {
  std::string out(text);
  out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
  return out;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a | 0x20) == b; });
}

// Every character beyond ASCII as an escape: what Python does before it resolves the escapes.
std::string with_escapes(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const CodePoint code = next_code_point(text, at);
    if (code < 0x80) {
      out += static_cast<char>(code);
      continue;
    }
    const int digits = code < 0x100 ? 2 : code < 0x10000 ? 4 : 8;
    out += digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U";
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += kHex[(code >> shift) & 0xF];
  }
  return out;
}

class Unescaper {
 public:
  Unescaper(std::string source, int line) : source_(std::move(source)), line_(line) {}

  std::string run() {
    while (at_ < source_.size()) {
      if (source_[at_] != '\\') {
        out_ += source_[at_++];
      } else {
        ++at_;
        resolve();
      }
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const { throw SyntaxFailure{reason, line_}; }

  void resolve() {
    if (at_ == source_.size()) fail("\\ at end of string");
    const char c = source_[at_++];
    constexpr std::string_view kNames = "\\'\"abfnrtv";
    constexpr std::string_view kValues = "\\'\"\a\b\f\n\r\t\v";
    if (const size_t simple = kNames.find(c); simple != std::string_view::npos) {
      out_ += kValues[simple];
    } else if (c == 'x') {
      hexadecimal(2, "truncated \\xXX escape");
    } else if (c == 'u') {
      hexadecimal(4, "truncated \\uXXXX escape");
    } else if (c == 'U') {
      hexadecimal(8, "truncated \\UXXXXXXXX escape");
    } else if (c == 'N') {
      fail("the escape \\N{...} is not supported: use \\u or \\U");
    } else if (is_digit_of(c, 8)) {
      CodePoint code = static_cast<CodePoint>(digit_value(c));
      for (int i = 0; i < 2 && at_ < source_.size() && is_digit_of(source_[at_], 8); ++i) {
        code = code * 8 + static_cast<CodePoint>(digit_value(source_[at_++]));
      }
      append_code_point(out_, code);
    } else if (c != '\n') {
      out_ += '\\';
      out_ += c;
    }
  }

  void hexadecimal(size_t digits, const char* reason) {
    uint64_t code = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (at_ == source_.size() || !is_digit_of(source_[at_], 16)) fail(reason);
      code = code * 16 + static_cast<uint64_t>(digit_value(source_[at_++]));
    }
    if (code > kLastCodePoint) fail("illegal Unicode character");
    append_code_point(out_, static_cast<CodePoint>(code));
  }

  std::string source_;
  int line_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

size_t float_length(std::string_view text) {
  const size_t whole = past_number(text, 0);
  if (whole == 0) return 0;
  size_t end = whole;
  if (end < text.size() && text[end] == '.') {
    const size_t fraction = past_number(text, end + 1);
    if (fraction > end + 1) end = fraction;
  }
  end = past_exponent(text, end);
  return end == whole ? 0 : end;
}

size_t integer_length(std::string_view text) {
  const int base = base_of_prefix(text);
  if (base != 10) {
    const size_t end = past_digits(text, 2, base);
    if (end > 2) return end;
  }
  if (text.empty() || !is_digit_of(text[0], 10)) return 0;
  return past_digits(text, 1, text[0] == '0' ? 1 : 10);
}

std::optional<Integer> integer_value(std::string_view literal) {
  const int base = base_of_prefix(literal);
  return digits_value(base == 10 ? literal : literal.substr(2), base);
}

double float_value(std::string_view literal) {
  const std::string digits = without_underscores(literal);
  double out = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (end.ec == std::errc::result_out_of_range) {  // too large, or too small to be told from zero
    const size_t e = digits.find_first_of("eE");
    const bool is_small = e != std::string::npos && e + 1 < digits.size() && digits[e + 1] == '-';
    return is_small || digits.starts_with("0.") ? 0.0 : HUGE_VAL;
  }
  return out;
}

std::optional<Integer> parse_integer(std::string_view given, int base) {
  const std::string ascii = with_ascii_digits(stripped(given));
  std::string_view text = ascii;
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  const int prefix = base_of_prefix(text);
  bool has_prefix = prefix != 10 && (base == 0 || base == prefix);
  if (base == 0) {
    base = prefix;
    if (prefix == 10 && text.starts_with('0') && text.find_first_not_of("0_") != text.npos) {
      return std::nullopt;
    }
  }
  if (has_prefix) text.remove_prefix(2);
  if (has_prefix && text.starts_with('_')) text.remove_prefix(1);
  if (text.empty() || !is_digit_of(text[0], base)) return std::nullopt;
  if (past_digits(text, 1, base) != text.size()) return std::nullopt;
  const auto out = digits_value(text, base);
  return out && is_negative ? std::optional(-*out) : out;
}

std::optional<double> parse_float(std::string_view given) {
  const std::string ascii = with_ascii_digits(stripped(given));
  std::string_view text = ascii;
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  const double sign = is_negative ? -1.0 : 1.0;
  if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) {
    return sign * HUGE_VAL;
  }
  if (equals_ignoring_case(text, "nan")) return std::nan("");
  const size_t whole = past_number(text, 0);
  size_t end = whole;
  bool has_digits = whole > 0;
  if (end < text.size() && text[end] == '.') {
    const size_t fraction = past_number(text, end + 1);
    has_digits = has_digits || fraction > end + 1;
    end = std::max(fraction, end + 1);
  }
  if (!has_digits || past_exponent(text, end) != text.size()) return std::nullopt;
  return sign * float_value(text);
}

std::string unescape(std::string_view body, int line) {
  if (body.find('\\') == std::string_view::npos) return std::string(body);
  return Unescaper(with_escapes(body), line).run();
}

}  // namespace lapidary::tokenizer::jinja
