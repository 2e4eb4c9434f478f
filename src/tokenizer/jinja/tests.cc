// The tests behind `is`.
#include <unordered_map>

#include "tokenizer/jinja/arguments.h"
#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/iteration.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/registry.h"
#include "tokenizer/jinja/text_methods.h"

namespace lapidary::tokenizer::jinja {
namespace {

using Kind = Value::Kind;

Value only(Arguments& arguments) {
  return std::move(match("test", arguments, {required("value")})[0]);
}

bool has_rest(Runtime& run, const Value& value, const Value& divisor, int64_t rest) {
  return equals(run, apply(run, BinaryOperator::kModulo, value, divisor), Value::integer(rest));
}

bool is_odd(Runtime& run, Arguments& arguments) {
  return has_rest(run, only(arguments), Value::integer(2), 1);
}
bool is_even(Runtime& run, Arguments& arguments) {
  return has_rest(run, only(arguments), Value::integer(2), 0);
}
bool is_divisible(Runtime& run, Arguments& arguments) {
  const auto values = match("divisibleby", arguments, {required("value"), required("num")});
  return has_rest(run, values[0], values[1], 0);
}
bool is_defined(Runtime&, Arguments& arguments) {
  return !only(arguments).is_undefined();
}
bool is_undefined(Runtime&, Arguments& arguments) {
  return only(arguments).is_undefined();
}
bool is_none(Runtime&, Arguments& arguments) {
  return only(arguments).is_none();
}
bool is_boolean(Runtime&, Arguments& arguments) {
  return only(arguments).is(Kind::kBool);
}
bool is_false(Runtime&, Arguments& arguments) {
  const Value value = only(arguments);
  return value.is(Kind::kBool) && !value.boolean();
}
bool is_true_value(Runtime&, Arguments& arguments) {
  const Value value = only(arguments);
  return value.is(Kind::kBool) && value.boolean();
}
bool is_integer(Runtime&, Arguments& arguments) {
  return only(arguments).is(Kind::kInteger);
}
bool is_float(Runtime&, Arguments& arguments) {
  return only(arguments).is(Kind::kFloat);
}
bool is_number(Runtime&, Arguments& arguments) {
  return only(arguments).is_number();
}
bool is_string(Runtime&, Arguments& arguments) {
  return only(arguments).is_text();
}
bool is_mapping(Runtime&, Arguments& arguments) {
  return only(arguments).is(Kind::kDict);
}
bool is_sequence(Runtime&, Arguments& arguments) {
  const Value value = only(arguments);
  if (value.is(Kind::kObject)) return value.object()->has_length() && value.object()->has_items();
  return is_iterable(value);
}
bool is_iterable_value(Runtime&, Arguments& arguments) {
  return is_iterable(only(arguments));
}
bool is_callable(Runtime&, Arguments& arguments) {
  const Value value = only(arguments);
  return value.is_undefined() || (value.is(Kind::kObject) && value.object()->is_callable());
}
bool is_lower(Runtime& run, Arguments& arguments) {
  return is_lower_text(text_of(run, only(arguments)));
}
bool is_upper(Runtime& run, Arguments& arguments) {
  return is_upper_text(text_of(run, only(arguments)));
}
bool is_escaped(Runtime&, Arguments& arguments) {
  const Value value = only(arguments);
  return value.is_text() && value.text()->is_markup;
}
bool is_in(Runtime& run, Arguments& arguments) {
  const auto values = match("in", arguments, {required("value"), required("seq")});
  return contains(run, values[1], values[0]);
}
bool names_filter(Runtime& run, Arguments& arguments) {
  const Value value = only(arguments);
  hash_value(run, value);
  return value.is_text() && find_filter(value.text()->bytes) != nullptr;
}
bool names_test(Runtime& run, Arguments& arguments) {
  const Value value = only(arguments);
  hash_value(run, value);
  return value.is_text() && find_test(value.text()->bytes) != nullptr;
}

// The same object: single constants, small numbers, one container.
bool is_same(Runtime&, Arguments& arguments) {
  const auto values = match("sameas", arguments, {required("value"), required("other")});
  const Value& a = values[0];
  const Value& b = values[1];
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kNone:
      return true;
    case Kind::kBool:
    case Kind::kInteger:
      return a.integer() == b.integer();
    case Kind::kText:
      return a.text() == b.text() || a.text()->bytes == b.text()->bytes;
    case Kind::kList:
      return a.list() == b.list();
    case Kind::kTuple:
      return a.tuple() == b.tuple();
    case Kind::kDict:
      return a.dict() == b.dict();
    case Kind::kObject:
      return a.object() == b.object();
    default:
      return false;
  }
}

template <Comparison op>
bool compares(Runtime& run, Arguments& arguments) {
  const auto values = match("test", arguments, {required(), required()});
  return compare(run, op, values[0], values[1]);
}

}  // namespace

TestFunction find_test(std::string_view name) {
  static const std::unordered_map<std::string_view, TestFunction> kTests = {
      {"odd", is_odd},
      {"even", is_even},
      {"divisibleby", is_divisible},
      {"defined", is_defined},
      {"undefined", is_undefined},
      {"filter", names_filter},
      {"test", names_test},
      {"none", is_none},
      {"boolean", is_boolean},
      {"false", is_false},
      {"true", is_true_value},
      {"integer", is_integer},
      {"float", is_float},
      {"lower", is_lower},
      {"upper", is_upper},
      {"string", is_string},
      {"mapping", is_mapping},
      {"number", is_number},
      {"sequence", is_sequence},
      {"iterable", is_iterable_value},
      {"callable", is_callable},
      {"sameas", is_same},
      {"escaped", is_escaped},
      {"in", is_in},
      {"==", compares<Comparison::kEqual>},
      {"eq", compares<Comparison::kEqual>},
      {"equalto", compares<Comparison::kEqual>},
      {"!=", compares<Comparison::kNotEqual>},
      {"ne", compares<Comparison::kNotEqual>},
      {">", compares<Comparison::kGreater>},
      {"gt", compares<Comparison::kGreater>},
      {"greaterthan", compares<Comparison::kGreater>},
      {"ge", compares<Comparison::kGreaterEqual>},
      {">=", compares<Comparison::kGreaterEqual>},
      {"<", compares<Comparison::kLess>},
      {"lt", compares<Comparison::kLess>},
      {"lessthan", compares<Comparison::kLess>},
      {"<=", compares<Comparison::kLessEqual>},
      {"le", compares<Comparison::kLessEqual>}};
  const auto found = kTests.find(name);
  return found == kTests.end() ? nullptr : found->second;
}

}  // namespace lapidary::tokenizer::jinja
