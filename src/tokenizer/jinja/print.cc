#include "tokenizer/jinja/print.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/object.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

using Kind = Value::Kind;

void append_escape(TextBuilder& out, CodePoint code) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const int digits = code < 0x100 ? 2 : code < 0x10000 ? 4 : 8;
  out.append(digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U");
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    out.append(kHex[(code >> shift) & 0xF]);
}

void print_items(Runtime& run, TextBuilder& out, const std::vector<Value>& items) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out.append(", ");
    print_repr(run, out, items[i]);
  }
}

void print_dict(Runtime& run, TextBuilder& out, const Dict& dict) {
  out.append('{');
  bool is_first = true;
  for (const Dict::Entry& entry : dict.entries()) {
    if (!is_first) out.append(", ");
    is_first = false;
    print_repr(run, out, entry.key);
    out.append(": ");
    print_repr(run, out, entry.value);
  }
  out.append('}');
}

}  // namespace

std::string integer_text(Integer number) {
  const bool is_negative = number < 0;
  __extension__ typedef unsigned __int128 Magnitude;
  auto rest = static_cast<Magnitude>(number);
  if (is_negative) rest = -rest;
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  if (is_negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string float_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  std::array<char, 32> buffer{};
  const auto end =
      std::to_chars(buffer.begin(), buffer.end(), std::fabs(number), std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<size_t>(end.ptr - buffer.data()));
  const size_t e = text.find('e');  // d.ddde[+-]xx
  std::string digits(text.substr(0, 1));
  if (e > 2) digits += text.substr(2, e - 2);
  int exponent = 0;
  const size_t unsigned_at = text[e + 1] == '+' ? e + 2 : e + 1;
  std::from_chars(text.data() + unsigned_at, text.data() + text.size(), exponent);
  const int count = static_cast<int>(digits.size());
  std::string out = std::signbit(number) ? "-" : "";
  if (exponent < -4 || exponent >= 16) {
    out += digits.substr(0, 1);
    if (count > 1) out += "." + digits.substr(1);
    out += exponent < 0 ? "e-" : "e+";
    const std::string size = std::to_string(std::abs(exponent));
    return out + (size.size() < 2 ? "0" : "") + size;
  }
  if (exponent < 0)
    return out + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  if (count <= exponent + 1) {
    return out + digits + std::string(static_cast<size_t>(exponent + 1 - count), '0') + ".0";
  }
  const auto whole = static_cast<size_t>(exponent + 1);
  return out + digits.substr(0, whole) + "." + digits.substr(whole);
}

void append_quoted(TextBuilder& out, std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  out.append(quote);
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const CodePoint code = next_code_point(text, at);
    if (code == static_cast<CodePoint>(quote) || code == '\\') {
      out.append('\\');
      out.append(static_cast<char>(code));
    } else if (code == '\n') {
      out.append("\\n");
    } else if (code == '\r') {
      out.append("\\r");
    } else if (code == '\t') {
      out.append("\\t");
    } else if (!is_printable(code)) {
      append_escape(out, code);
    } else {
      out.append(text.substr(start, at - start));
    }
  }
  out.append(quote);
}

void print(Runtime& run, TextBuilder& out, const Value& value) {
  if (value.is_text()) {
    out.append(value.text()->bytes);
  } else if (!value.is_undefined() && !value.is_missing()) {
    print_repr(run, out, value);
  }
}

void print_repr(Runtime& run, TextBuilder& out, const Value& value) {
  switch (value.kind()) {
    case Kind::kMissing:
    case Kind::kUndefined:
      return out.append("Undefined");
    case Kind::kNone:
      return out.append("None");
    case Kind::kBool:
      return out.append(value.boolean() ? "True" : "False");
    case Kind::kInteger:
      return out.append(integer_text(value.integer()));
    case Kind::kFloat:
      return out.append(float_text(value.floating()));
    case Kind::kText:
      if (!value.text()->is_markup) return append_quoted(out, value.text()->bytes);
      out.append("Markup(");
      append_quoted(out, value.text()->bytes);
      return out.append(')');
    case Kind::kList:
      out.append('[');
      print_items(run, out, *value.items());
      return out.append(']');
    case Kind::kTuple:
      out.append('(');
      print_items(run, out, *value.items());
      return out.append(value.items()->size() == 1 ? ",)" : ")");
    case Kind::kDict:
      return print_dict(run, out, *value.dict());
    case Kind::kObject:
      run.check_stack();
      return value.object()->print(run, out);
  }
}

std::string text_of(Runtime& run, const Value& value) {
  if (value.is_text()) return value.text()->bytes;
  TextBuilder out(run);
  print(run, out, value);
  return out.take();
}

std::string ascii_of(Runtime& run, const Value& value) {
  const std::string text = repr_of(run, value);
  TextBuilder out(run);
  for (size_t at = 0; at < text.size();) {
    const CodePoint code = next_code_point(text, at);
    if (code < 0x80) {
      out.append(static_cast<char>(code));
    } else {
      append_escape(out, code);
    }
  }
  return out.take();
}

std::string repr_of(Runtime& run, const Value& value) {
  TextBuilder out(run);
  print_repr(run, out, value);
  return out.take();
}

}  // namespace lapidary::tokenizer::jinja
