#include "tokenizer/jinja/format_spec.h"

#include <cmath>
#include <optional>

#include "tokenizer/jinja/arithmetic.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/number_format.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/text_builder.h"
#include "tokenizer/jinja/text_operations.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

struct Specification {
  std::string fill = " ";
  char align = '\0';  // < > ^ =
  char sign = '-';
  bool is_alternate = false;
  bool avoids_negative_zero = false;
  int64_t width = 0;
  char grouping = '\0';
  std::optional<int64_t> precision;
  char type = '\0';
};

[[noreturn]] void fail_specification() {
  fail_type("Invalid format specifier");
}

[[noreturn]] void fail_type_code(char code, const Value& value) {
  fail_type("Unknown format code '", code, "' for object of type '", type_name(value), "'");
}

class SpecificationParser {
 public:
  explicit SpecificationParser(std::string_view text) : text_(text) {}

  Specification run() {
    parse_align();
    take_one_of("+- ", &out_.sign);
    out_.avoids_negative_zero = take('z');
    out_.is_alternate = take('#');
    if (take('0') && out_.align == '\0') {
      out_.fill = "0";
      out_.align = '=';
    }
    if (const auto width = parse_number()) out_.width = *width;
    take_one_of(",_", &out_.grouping);
    if (take('.')) {
      out_.precision = parse_number();
      if (!out_.precision) fail_type("Format specifier missing precision");
    }
    if (at_ < text_.size()) out_.type = text_[at_++];
    if (at_ != text_.size()) fail_specification();
    return out_;
  }

 private:
  static bool is_align(char c) { return c == '<' || c == '>' || c == '^' || c == '='; }
  void parse_align() {
    if (text_.empty()) return;
    size_t after_fill = 0;
    next_code_point(text_, after_fill);
    if (after_fill < text_.size() && is_align(text_[after_fill])) {
      out_.fill = text_.substr(0, after_fill);
      out_.align = text_[after_fill];
      at_ = after_fill + 1;
    } else if (is_align(text_[0])) {
      out_.align = text_[0];
      at_ = 1;
    }
  }
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take_one_of(std::string_view chars, char* out) {
    if (at_ == text_.size() || chars.find(text_[at_]) == std::string_view::npos) return false;
    *out = text_[at_++];
    return true;
  }
  std::optional<int64_t> parse_number() {
    const size_t start = at_;
    int64_t out = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      out = out * 10 + (text_[at_] - '0');
      if (out > INT32_MAX) fail_type("Too many decimal digits in format string");
    }
    return at_ == start ? std::nullopt : std::optional(out);
  }

  std::string_view text_;
  size_t at_ = 0;
  Specification out_;
};

std::string padded(Runtime& run, const Specification& spec, char default_align,
                   std::string_view prefix, std::string_view body) {
  const char align = spec.align == '\0' ? default_align : spec.align;
  const int64_t length = count_code_points(prefix) + count_code_points(body);
  const int64_t pad = std::max<int64_t>(spec.width - length, 0);
  int64_t left = 0;
  if (align == '>') left = pad;
  if (align == '^') left = pad / 2;
  const int64_t inside = align == '=' ? pad : 0;
  TextBuilder out(run);
  out.append(static_cast<size_t>(left), spec.fill);
  out.append(prefix);
  out.append(static_cast<size_t>(inside), spec.fill);
  out.append(body);
  out.append(static_cast<size_t>(pad - left - inside), spec.fill);
  return out.take();
}

std::string sign_of(const Specification& spec, bool is_negative) {
  if (is_negative) return "-";
  return spec.sign == '-' ? "" : std::string(1, spec.sign);
}

// Characters that zeros and separators fill between the sign and the rest.
size_t zero_width(Runtime& run, const Specification& spec, size_t taken) {
  if (spec.align != '=' || spec.fill != "0") return 0;
  const auto width = static_cast<size_t>(spec.width);
  run.check_room(width);
  return width > taken ? width - taken : 0;
}

std::string format_text(Runtime& run, const Value& value, const Specification& spec) {
  if (spec.type != '\0' && spec.type != 's') fail_type_code(spec.type, value);
  if (spec.align == '=' && spec.fill != "0") {
    fail_type("'=' alignment not allowed in string format specifier");
  }
  if (spec.sign != '-') fail_type("Sign not allowed in string format specifier");
  if (spec.is_alternate) fail_type("Alternate form (#) not allowed in string format specifier");
  if (spec.grouping != '\0') fail_type("Cannot specify '", spec.grouping, "' with 's'.");
  const Text& text = *value.text();
  std::string_view body = text.bytes;
  if (spec.precision && *spec.precision < text.length) body = code_points(text, 0, *spec.precision);
  Specification left = spec;
  if (left.align == '=') left.align = '<';
  return padded(run, left, '<', "", body);
}

std::string format_integer(Runtime& run, const Value& value, const Specification& spec) {
  if (spec.precision) fail_type("Precision not allowed in integer format specifier");
  const Integer number = value.integer();
  if (spec.type == 'c') {
    if (number < 0 || number > static_cast<Integer>(kLastCodePoint)) {
      fail_type("%c arg not in range(0x110000)");
    }
    std::string out;
    append_code_point(out, static_cast<CodePoint>(number));
    return padded(run, spec, '<', "", out);
  }
  const char type = spec.type == '\0' || spec.type == 'n' ? 'd' : spec.type;
  std::string prefix = sign_of(spec, number < 0);
  if (spec.is_alternate && type != 'd') prefix += std::string("0") + type;
  const size_t group = type == 'd' ? 3 : 4;
  if (spec.grouping == ',' && type != 'd') fail_type("Cannot specify ',' with '", type, "'.");
  const std::string digits = grouped(integer_digits(number, type), spec.grouping, group,
                                     zero_width(run, spec, prefix.size()));
  return padded(run, spec, '>', prefix, digits);
}

// As type g, with a digit behind the point, and the exponent form one digit sooner.
std::string general_digits(double number, int precision) {
  precision = std::max(precision, 1);
  std::string scientific = float_digits(number, 'e', precision - 1, false);
  const size_t e = scientific.find('e');
  if (e == std::string::npos) return scientific;  // inf, nan
  const int exponent = std::stoi(scientific.substr(e + 1));
  if (exponent >= -4 && exponent < precision - 1) {
    std::string out = float_digits(number, 'g', precision, false);
    return out.find('.') == std::string::npos ? out + ".0" : out;
  }
  std::string digits = scientific.substr(0, e);
  if (digits.find('.') != std::string::npos) {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return digits + scientific.substr(e);
}

std::string format_float(Runtime& run, double number, const Specification& spec) {
  const int precision = checked_precision(spec.precision.value_or(6));
  std::string body;
  if (spec.type == '\0') {
    body = spec.precision ? general_digits(number, precision) : float_text(std::fabs(number));
  } else if (spec.type == '%') {
    body = float_digits(number * 100.0, 'f', precision, spec.is_alternate);
  } else {
    const char type = spec.type == 'n' ? 'g' : spec.type;
    const int digits = (type | 0x20) == 'g' ? std::max(precision, 1) : precision;
    body = float_digits(number, type, digits, spec.is_alternate);
  }
  bool is_negative = std::signbit(number) && !std::isnan(number);
  if (spec.avoids_negative_zero && body.find_first_not_of("0.") == std::string::npos) {
    is_negative = false;
  }
  const std::string suffix = spec.type == '%' ? "%" : "";
  const std::string sign = sign_of(spec, is_negative);
  size_t whole = body.find_first_not_of("0123456789");
  if (whole == std::string::npos) whole = body.size();
  if (whole > 0) {
    const size_t taken = sign.size() + suffix.size() + body.size() - whole;
    const std::string tail = body.substr(whole);
    body = grouped(body.substr(0, whole), spec.grouping, 3, zero_width(run, spec, taken)) + tail;
  }
  return padded(run, spec, '>', sign, body + suffix);
}

}  // namespace

std::string format_value(Runtime& run, const Value& value, std::string_view specification) {
  if (specification.empty()) return text_of(run, value);
  constexpr std::string_view kFloatTypes = "eEfFgG%";
  constexpr std::string_view kIntegerTypes = "bcdoxXn";
  if (value.is_text()) {
    return format_text(run, value, SpecificationParser(specification).run());
  }
  if (!value.is_number()) {
    fail_type("unsupported format string passed to ", type_name(value), ".__format__");
  }
  const Specification spec = SpecificationParser(specification).run();
  const bool is_float_type = spec.type != '\0' && kFloatTypes.find(spec.type) != kFloatTypes.npos;
  if (value.is_integral()) {
    if (is_float_type) return format_float(run, to_double(value), spec);
    if (spec.type != '\0' && kIntegerTypes.find(spec.type) == kIntegerTypes.npos) {
      fail_type_code(spec.type, value);
    }
    return format_integer(run, value, spec);
  }
  if (spec.type != '\0' && spec.type != 'n' && !is_float_type) fail_type_code(spec.type, value);
  return format_float(run, value.floating(), spec);
}

}  // namespace lapidary::tokenizer::jinja
