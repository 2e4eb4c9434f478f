// Filters on single values: default, attr, numbers, tojson.
#include <algorithm>
#include <cmath>
#include <optional>

#include "tokenizer/jinja/arguments.h"
#include "tokenizer/jinja/arithmetic.h"
#include "tokenizer/jinja/attributes.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/filters.h"
#include "tokenizer/jinja/json_text.h"
#include "tokenizer/jinja/literals.h"
#include "tokenizer/jinja/number_format.h"

namespace lapidary::tokenizer::jinja {
namespace {

using Kind = Value::Kind;

Value absolute(Runtime&, Arguments& arguments) {
  const auto values = match("abs", arguments, {required()});
  const Value& value = values[0];
  if (value.is_integral()) return value.integer() < 0 ? negate(value) : Value(value.integer());
  if (value.is(Kind::kFloat)) return Value(std::fabs(value.floating()));
  fail_type("bad operand type for abs(): '", type_name(value), "'");
}

Value attribute(Runtime& run, Arguments& arguments) {
  const auto values = match("attr", arguments, {required("obj"), required("name")});
  return get_attribute_only(run, values[0], to_text("attribute name", values[1]).bytes);
}

Value default_value(Runtime& run, Arguments& arguments) {
  const auto values = match("default", arguments,
                            {required("value"), optional("default_value"), optional("boolean")});
  const bool is_replaced =
      values[0].is_undefined() || (is_set(run, values[2]) && !is_true(run, values[0]));
  if (!is_replaced) return values[0];
  return values[1].is_missing() ? make_text(run, "") : values[1];
}

// float(value); nothing for what is no number.
std::optional<double> as_float(const Value& value) {
  if (value.is_undefined()) fail_undefined(value);
  if (value.is_number()) return to_double(value);
  return value.is_text() ? parse_float(value.text()->bytes) : std::nullopt;
}

Value to_float(Runtime&, Arguments& arguments) {
  const auto values = match("float", arguments, {required("value"), optional("default")});
  if (const auto number = as_float(values[0])) return Value(*number);
  return values[1].is_missing() ? Value(0.0) : values[1];
}

Value to_integer(Runtime&, Arguments& arguments) {
  const auto values =
      match("int", arguments, {required("value"), optional("default"), optional("base")});
  const Value& value = values[0];
  if (value.is_integral()) return Value(value.integer());
  if (value.is(Kind::kFloat) && !std::isnan(value.floating()))
    return Value(truncate(value.floating()));
  if (value.is_text()) {
    const int64_t base = values[2].is_missing() ? 10 : to_count(values[2]);
    const bool is_base = base == 0 || (base >= 2 && base <= 36);
    const auto number =
        is_base ? parse_integer(value.text()->bytes, static_cast<int>(base)) : std::nullopt;
    if (number) return Value(*number);
  }
  const auto number = as_float(value);
  if (number && std::isfinite(*number)) return Value(truncate(*number));
  return values[1].is_missing() ? Value::integer(0) : values[1];
}

// Half to even, in decimal digits.
double round_half_even(double number, int64_t digits) {
  constexpr int64_t kMost = 340;
  if (!std::isfinite(number) || digits > kMost) return number;
  if (digits >= 0) {
    const std::string text = float_digits(number, 'f', static_cast<int>(digits), false);
    return std::copysign(parse_float(text).value_or(number), number);
  }
  if (digits < -kMost) return std::copysign(0.0, number);
  const double scale = std::pow(10.0, static_cast<double>(-digits));
  return std::nearbyint(number / scale) * scale;
}

Integer round_integer(Integer number, int64_t digits) {
  if (digits >= 0) return number;
  if (digits < -38) return 0;
  const Integer unit = integer_power(10, -digits);
  const Integer rest = floor_modulo(number, unit);
  const Integer down = number - rest;
  const bool is_odd = floor_modulo(floor_divide(down, unit), 2) == 1;
  const bool goes_up = rest * 2 > unit || (rest * 2 == unit && is_odd);
  return goes_up ? add_integers(down, unit) : down;
}

Value round_value(Runtime& run, Arguments& arguments) {
  const auto values =
      match("round", arguments, {required("value"), optional("precision"), optional("method")});
  const std::string method = values[2].is_missing() ? "common" : to_text("method", values[2]).bytes;
  if (method != "common" && method != "ceil" && method != "floor") {
    fail_type("method must be common, ceil or floor");
  }
  const Value& value = values[0];
  const Value precision = values[1].is_missing() ? Value::integer(0) : values[1];
  if (method == "common") {
    if (!value.is_number()) {
      fail_type("type ", type_name(value), " doesn't define __round__ method");
    }
    const int64_t digits = to_count(precision);
    if (value.is_integral()) return Value(round_integer(value.integer(), digits));
    return Value(round_half_even(value.floating(), digits));
  }
  const Value scale = apply(run, BinaryOperator::kPower, Value::integer(10), precision);
  const Value scaled = apply(run, BinaryOperator::kMultiply, value, scale);
  const double number = to_double(scaled);
  const double rounded = method == "ceil" ? std::ceil(number) : std::floor(number);
  const Value whole = scaled.is_integral() ? scaled : Value(truncate(rounded));
  return apply(run, BinaryOperator::kDivide, whole, scale);
}

Value to_json(Runtime& run, Arguments& arguments) {
  const auto values = match("tojson", arguments,
                            {required("x"), optional("ensure_ascii"), optional("indent"),
                             optional("separators"), optional("sort_keys")});
  JsonLayout layout;
  layout.is_ascii = is_set(run, values[1]);
  layout.sorts_keys = is_set(run, values[4]);
  const Value& indent = values[2];
  if (!indent.is_missing() && !indent.is_none()) {
    layout.item_separator = ",";
    if (indent.is_text()) {
      layout.indent = indent.text()->bytes;
    } else {
      const auto width = static_cast<size_t>(std::max<int64_t>(to_count(indent), 0));
      run.check_room(width);
      layout.indent = std::string(width, ' ');
    }
  }
  if (!values[3].is_missing() && !values[3].is_none()) {
    const auto* separators = values[3].items();
    if (separators == nullptr || separators->size() != 2) {
      fail_type("tojson: separators must be a pair of texts");
    }
    layout.item_separator = to_text("an item separator", (*separators)[0]).bytes;
    layout.key_separator = to_text("a key separator", (*separators)[1]).bytes;
  }
  return make_text(run, json_text(run, values[0], layout));
}

Value not_repeatable(Runtime&, Arguments&) {
  fail_type("the filter 'random' is not supported: a rendering must be repeatable");
}

Value not_supported(Runtime&, Arguments&) {
  fail_type("the filters 'pprint', 'urlize' and 'wordwrap' are not supported");
}

constexpr FilterEntry kFilters[] = {
    {"abs", absolute},          {"attr", attribute},        {"d", default_value},
    {"default", default_value}, {"float", to_float},        {"int", to_integer},
    {"pprint", not_supported},  {"random", not_repeatable}, {"round", round_value},
    {"tojson", to_json},        {"urlize", not_supported},  {"wordwrap", not_supported}};

}  // namespace

std::span<const FilterEntry> value_filters() {
  return kFilters;
}

}  // namespace lapidary::tokenizer::jinja
