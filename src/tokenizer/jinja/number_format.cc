#include "tokenizer/jinja/number_format.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/print.h"

namespace lapidary::tokenizer::jinja {

std::string float_digits(double number, char type, int precision, bool keeps_point) {
  const bool is_upper = type >= 'A' && type <= 'Z';
  if (std::isnan(number)) return is_upper ? "NAN" : "nan";
  if (std::isinf(number)) return is_upper ? "INF" : "inf";
  const std::string format = std::string("%") + (keeps_point ? "#" : "") + ".*" + type;
  const double size = std::fabs(number);
  const int length = std::snprintf(nullptr, 0, format.c_str(), precision, size);
  std::string out(static_cast<size_t>(length) + 1, '\0');
  std::snprintf(out.data(), out.size(), format.c_str(), precision, size);
  out.pop_back();
  return out;
}

std::string integer_digits(Integer number, char type) {
  if (number < 0) number = -number;
  if (type == 'd') return integer_text(number);
  const int base = type == 'o' ? 8 : type == 'b' ? 2 : 16;
  const char* digits = type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  do {
    out += digits[static_cast<int>(number % base)];
    number /= base;
  } while (number != 0);
  std::reverse(out.begin(), out.end());
  return out;
}

std::string grouped(std::string digits, char separator, size_t group, size_t width) {
  if (separator == '\0') {
    return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
  }
  std::string reversed;
  for (size_t i = 0; i < digits.size() || reversed.size() < width; ++i) {
    if (i > 0 && i % group == 0) reversed += separator;
    reversed += i < digits.size() ? digits[digits.size() - 1 - i] : '0';
  }
  std::reverse(reversed.begin(), reversed.end());
  return reversed;
}

int checked_precision(int64_t precision) {
  constexpr int64_t kLargest = 10'000;
  if (precision > kLargest) fail_type("a precision of more than ", kLargest, " is not supported");
  return static_cast<int>(precision);
}

}  // namespace lapidary::tokenizer::jinja
