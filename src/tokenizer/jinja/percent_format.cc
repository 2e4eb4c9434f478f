#include "tokenizer/jinja/percent_format.h"

#include <algorithm>
#include <cmath>

#include "tokenizer/jinja/arithmetic.h"
#include "tokenizer/jinja/attributes.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/literals.h"
#include "tokenizer/jinja/markup.h"
#include "tokenizer/jinja/number_format.h"
#include "tokenizer/jinja/object.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/text_builder.h"
#include "tokenizer/jinja/text_operations.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

struct Directive {
  bool is_left = false, has_plus = false, has_space = false, is_alternate = false,
       has_zeros = false;
  int64_t width = 0;
  int64_t precision = -1;
  char type = '\0';
};

class PercentFormatter {
 public:
  PercentFormatter(Runtime& run, const Value& format, const Value& values)
      : run_(run), text_(format.text()->bytes), is_markup_(format.text()->is_markup), out_(run) {
    if (values.is(Value::Kind::kTuple)) {
      arguments_ = *values.items();
    } else {
      arguments_ = {values};
      is_single_ = true;
      is_mapping_ = values.is(Value::Kind::kDict) || values.is(Value::Kind::kList) ||
                    values.is_undefined() || values.as<Range>() != nullptr;
    }
  }

  std::string run() {
    while (at_ < text_.size()) {
      const size_t percent = std::min(text_.find('%', at_), text_.size());
      out_.append(std::string_view(text_).substr(at_, percent - at_));
      at_ = percent + 1;
      if (percent < text_.size()) directive();
    }
    if (next_ < arguments_.size() && !is_mapping_) {
      fail_type("not all arguments converted during string formatting");
    }
    return out_.take();
  }

 private:
  char take() {
    if (at_ >= text_.size()) fail_type("incomplete format");
    return text_[at_++];
  }

  Value argument() {
    if (next_ >= arguments_.size()) fail_type("not enough arguments for format string");
    return arguments_[next_++];
  }

  // The value of "%(key)s"; nothing without a key.
  std::optional<Value> keyed_value() {
    if (at_ >= text_.size() || text_[at_] != '(') return std::nullopt;
    if (!is_single_ || !is_mapping_) fail_type("format requires a mapping");
    const size_t start = ++at_;
    for (int open = 1; open > 0; ++at_) {
      if (at_ >= text_.size()) fail_type("incomplete format key");
      if (text_[at_] == '(') ++open;
      if (text_[at_] == ')') --open;
    }
    const Value key = make_text(run_, text_.substr(start, at_ - 1 - start));
    next_ = arguments_.size();
    return subscript(run_, arguments_.front(), key);
  }

  int64_t number(char& c) {
    if (c == '*') {
      const Value value = argument();
      if (!value.is_integral()) fail_type("* wants int");
      c = take();
      return static_cast<int64_t>(std::clamp<Integer>(value.integer(), -INT32_MAX, INT32_MAX));
    }
    int64_t out = 0;
    for (; c >= '0' && c <= '9'; c = take()) {
      out = out * 10 + (c - '0');
      if (out > INT32_MAX) fail_type("width too big");
    }
    return out;
  }

  void directive() {
    if (at_ < text_.size() && text_[at_] == '%') {
      ++at_;
      return out_.append('%');
    }
    Directive d;
    std::optional<Value> value = keyed_value();
    char c = take();
    for (bool is_flag = true; is_flag;) {
      switch (c) {
        case '-':
          d.is_left = true;
          break;
        case '+':
          d.has_plus = true;
          break;
        case ' ':
          d.has_space = true;
          break;
        case '#':
          d.is_alternate = true;
          break;
        case '0':
          d.has_zeros = true;
          break;
        default:
          is_flag = false;
      }
      if (is_flag) c = take();
    }
    d.width = number(c);
    if (d.width < 0) {
      d.is_left = true;
      d.width = -d.width;
    }
    if (c == '.') {
      c = take();
      d.precision = std::max<int64_t>(number(c), 0);
    }
    if (c == 'h' || c == 'l' || c == 'L') c = take();
    d.type = c == 'i' || c == 'u' ? 'd' : c;
    convert(d, value ? *value : argument());
  }

  void convert(const Directive& d, const Value& value) {
    switch (d.type) {
      case 's':
      case 'r':
      case 'a':
        return convert_text(d, value);
      case 'c':
        return pad(d, "", character(value));
      case 'd':
      case 'o':
      case 'x':
      case 'X':
        return convert_integer(d, value);
      case 'e':
      case 'E':
      case 'f':
      case 'F':
      case 'g':
      case 'G':
        return convert_float(d, value);
      default:
        fail_type("unsupported format character '", d.type, "' at index ", at_ - 1);
    }
  }

  void convert_text(const Directive& d, const Value& value) {
    std::string text = d.type == 's'   ? text_of(run_, value)
                       : d.type == 'r' ? repr_of(run_, value)
                                       : ascii_of(run_, value);
    if (is_markup_ && !(d.type == 's' && value.is_text() && value.text()->is_markup)) {
      TextBuilder escaped(run_);
      append_escaped(escaped, text);
      text = escaped.take();
    }
    if (d.precision >= 0) text.resize(byte_of_code_point(text, d.precision));
    pad(d, "", text);
  }

  static std::string character(const Value& value) {
    if (value.is_text() && value.text()->length == 1) return value.text()->bytes;
    if (!value.is_integral()) fail_type("%c requires int or char");
    const Integer code = value.integer();
    if (code < 0 || code > static_cast<Integer>(kLastCodePoint)) {
      fail_type("%c arg not in range(0x110000)");
    }
    std::string out;
    append_code_point(out, static_cast<CodePoint>(code));
    return out;
  }

  void convert_integer(const Directive& d, const Value& value) {
    Integer number = 0;
    if (value.is_undefined() && d.type == 'd') fail_undefined(value);
    if (value.is_integral()) {
      number = value.integer();
    } else if (value.is(Value::Kind::kFloat) && d.type == 'd') {
      number = truncate(value.floating());
    } else if (d.type == 'd') {
      fail_type("%d format: a real number is required, not ", type_name(value));
    } else {
      fail_type("%", d.type, " format: an integer is required, not ", type_name(value));
    }
    std::string digits = integer_digits(number, d.type);
    const auto least = static_cast<size_t>(checked_precision(std::max<int64_t>(d.precision, 0)));
    if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
    std::string prefix = sign(d, number < 0);
    if (d.is_alternate && d.type != 'd') prefix += std::string("0") + d.type;
    pad(d, prefix, digits);
  }

  void convert_float(const Directive& d, const Value& value) {
    if (value.is_undefined()) fail_undefined(value);
    const double number = to_double(value);
    int precision = d.precision < 0 ? 6 : checked_precision(d.precision);
    if ((d.type | 0x20) == 'g') precision = std::max(precision, 1);
    const bool is_negative = std::signbit(number) && !std::isnan(number);
    pad(d, sign(d, is_negative), float_digits(number, d.type, precision, d.is_alternate));
  }

  static std::string sign(const Directive& d, bool is_negative) {
    if (is_negative) return "-";
    return d.has_plus ? "+" : d.has_space ? " " : "";
  }

  void pad(const Directive& d, std::string_view prefix, std::string_view body) {
    constexpr std::string_view kTexts = "srac";
    const int64_t length = count_code_points(prefix) + count_code_points(body);
    const auto blanks = static_cast<size_t>(std::max<int64_t>(d.width - length, 0));
    const bool has_zeros = d.has_zeros && !d.is_left && kTexts.find(d.type) == kTexts.npos;
    if (!d.is_left && !has_zeros) out_.append(blanks, " ");
    out_.append(prefix);
    if (has_zeros) out_.append(blanks, "0");
    out_.append(body);
    if (d.is_left) out_.append(blanks, " ");
  }

  Runtime& run_;
  const std::string& text_;
  bool is_markup_;
  TextBuilder out_;
  std::vector<Value> arguments_;
  bool is_single_ = false;
  bool is_mapping_ = false;
  size_t next_ = 0;
  size_t at_ = 0;
};

}  // namespace

Value percent_format(Runtime& run, const Value& format, const Value& values) {
  std::string out = PercentFormatter(run, format, values).run();
  return make_text_like(run, *format.text(), std::move(out));
}

}  // namespace lapidary::tokenizer::jinja
