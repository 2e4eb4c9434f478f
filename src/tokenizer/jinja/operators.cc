#include "tokenizer/jinja/operators.h"

#include <algorithm>

#include "tokenizer/jinja/arithmetic.h"
#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/iteration.h"
#include "tokenizer/jinja/markup.h"
#include "tokenizer/jinja/object.h"
#include "tokenizer/jinja/percent_format.h"
#include "tokenizer/jinja/text_builder.h"
#include "tokenizer/jinja/text_operations.h"

namespace lapidary::tokenizer::jinja {
namespace {

using Kind = Value::Kind;

const char* symbol(BinaryOperator op) {
  constexpr const char* kSymbols[] = {"+", "-", "*", "/", "//", "%", "** or pow()"};
  return kSymbols[static_cast<size_t>(op)];
}

const char* symbol(Comparison op) {
  constexpr const char* kSymbols[] = {"==", "!=", "<", "<=", ">", ">=", "in", "not in"};
  return kSymbols[static_cast<size_t>(op)];
}

Value concatenate_texts(Runtime& run, const Value& left, const Value& right) {
  const Text& a = *left.text();
  const Text& b = *right.text();
  const bool is_markup = a.is_markup || b.is_markup;
  TextBuilder out(run);
  if (is_markup && !a.is_markup) {
    append_escaped(out, a.bytes);
  } else {
    out.append(a.bytes);
  }
  if (is_markup && !b.is_markup) {
    append_escaped(out, b.bytes);
  } else {
    out.append(b.bytes);
  }
  return is_markup ? make_markup(run, out.take()) : make_text(run, out.take());
}

Value concatenate(Runtime& run, const Value& left, const Value& right) {
  if (left.kind() != right.kind()) {
    fail_type("can only concatenate ", type_name(left), " (not \"", type_name(right), "\") to ",
              type_name(left));
  }
  if (left.is_text()) return concatenate_texts(run, left, right);
  const auto& a = *left.items();
  const auto& b = *right.items();
  Charge room(run, (a.size() + b.size()) * sizeof(Value));
  std::vector<Value> items;
  items.reserve(a.size() + b.size());
  items.insert(items.end(), a.begin(), a.end());
  items.insert(items.end(), b.begin(), b.end());
  return left.is(Kind::kList) ? make_list(run, std::move(items))
                              : make_tuple(run, std::move(items));
}

Value repeat(Runtime& run, const Value& sequence, Integer count) {
  const size_t times = count <= 0 ? 0 : static_cast<size_t>(std::min(count, Integer{1} << 40));
  if (sequence.is_text()) {
    TextBuilder out(run);
    out.append(times, sequence.text()->bytes);
    return make_text_like(run, *sequence.text(), out.take());
  }
  const auto& source = *sequence.items();
  std::vector<Value> items;
  if (!source.empty()) {
    Charge room(run, times * source.size() * sizeof(Value));
    items.reserve(times * source.size());
    for (size_t i = 0; i < times; ++i) items.insert(items.end(), source.begin(), source.end());
  }
  return sequence.is(Kind::kList) ? make_list(run, std::move(items))
                                  : make_tuple(run, std::move(items));
}

bool is_sequence(const Value& value) {
  return value.is_text() || value.items() != nullptr;
}

bool equal_items(Runtime& run, const std::vector<Value>& left, const std::vector<Value>& right) {
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    if (!equals(run, left[i], right[i])) return false;
  }
  return true;
}

bool equal_dicts(Runtime& run, const Dict& left, const Dict& right) {
  if (left.entries().size() != right.entries().size()) return false;
  for (const Dict::Entry& entry : left.entries()) {
    const Value* other = right.find(run, entry.key);
    if (other == nullptr || !equals(run, entry.value, *other)) return false;
  }
  return true;
}

bool holds_order(Comparison op, int order) {
  switch (op) {
    case Comparison::kLess:
      return order == -1;
    case Comparison::kLessEqual:
      return order == -1 || order == 0;
    case Comparison::kGreater:
      return order == 1;
    default:
      return order == 1 || order == 0;
  }
}

bool ordered(Runtime& run, Comparison op, const Value& left, const Value& right) {
  run.step();
  if (left.is_undefined()) fail_undefined(left);
  if (right.is_undefined()) fail_undefined(right);
  if (left.is_number() && right.is_number()) return holds_order(op, compare_numbers(left, right));
  if (left.is_text() && right.is_text()) {
    run.step_bytes(std::min(left.text()->bytes.size(), right.text()->bytes.size()));
    const int order = left.text()->bytes.compare(right.text()->bytes);
    return holds_order(op, order < 0 ? -1 : order > 0 ? 1 : 0);
  }
  if (left.kind() == right.kind() && left.items() != nullptr) {
    const auto& a = *left.items();
    const auto& b = *right.items();
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      if (!equals(run, a[i], b[i])) return ordered(run, op, a[i], b[i]);
    }
    return holds_order(op, a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0);
  }
  fail_type("'", symbol(op), "' not supported between instances of '", type_name(left), "' and '",
            type_name(right), "'");
}

bool text_contains(Runtime& run, const Value& container, const Value& item) {
  if (!item.is_text()) {
    fail_type("'in <string>' requires string as left operand, not ", type_name(item));
  }
  run.step_bytes(container.text()->bytes.size());
  return find_first(container.text()->bytes, item.text()->bytes) != std::string::npos;
}

}  // namespace

double to_double(const Value& number) {
  if (number.is(Kind::kFloat)) return number.floating();
  if (number.is_integral()) return static_cast<double>(number.integer());
  fail_type("must be real number, not ", type_name(number));
}

Value apply(Runtime& run, BinaryOperator op, const Value& left, const Value& right) {
  if (left.is_undefined()) fail_undefined(left);
  if (op == BinaryOperator::kModulo && left.is_text()) return percent_format(run, left, right);
  if (right.is_undefined()) fail_undefined(right);
  if (left.is_number() && right.is_number()) {
    if (left.is_integral() && right.is_integral()) {
      return integer_arithmetic(op, left.integer(), right.integer());
    }
    return float_arithmetic(op, to_double(left), to_double(right));
  }
  if (op == BinaryOperator::kAdd && is_sequence(left)) return concatenate(run, left, right);
  if (op == BinaryOperator::kMultiply && (is_sequence(left) || is_sequence(right))) {
    const Value& sequence = is_sequence(left) ? left : right;
    const Value& count = is_sequence(left) ? right : left;
    if (!count.is_integral()) {
      fail_type("can't multiply sequence by non-int of type '", type_name(count), "'");
    }
    return repeat(run, sequence, count.integer());
  }
  fail_type("unsupported operand type(s) for ", symbol(op), ": '", type_name(left), "' and '",
            type_name(right), "'");
}

Value negate(const Value& operand) {
  if (operand.is_undefined()) fail_undefined(operand);
  if (operand.is_integral()) return Value(-operand.integer());
  if (operand.is(Kind::kFloat)) return Value(-operand.floating());
  fail_type("bad operand type for unary -: '", type_name(operand), "'");
}

Value positive(const Value& operand) {
  if (operand.is_undefined()) fail_undefined(operand);
  if (operand.is_integral()) return Value(operand.integer());
  if (operand.is(Kind::kFloat)) return operand;
  fail_type("bad operand type for unary +: '", type_name(operand), "'");
}

bool equals(Runtime& run, const Value& left, const Value& right) {
  run.step();
  if (left.is_number() && right.is_number()) return compare_numbers(left, right) == 0;
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case Kind::kMissing:
    case Kind::kNone:
    case Kind::kUndefined:
      return true;
    case Kind::kText:
      if (left.text()->bytes.size() != right.text()->bytes.size()) return false;
      run.step_bytes(left.text()->bytes.size());
      return left.text()->bytes == right.text()->bytes;
    case Kind::kList:
    case Kind::kTuple:
      return equal_items(run, *left.items(), *right.items());
    case Kind::kDict:
      return left.dict() == right.dict() || equal_dicts(run, *left.dict(), *right.dict());
    case Kind::kObject:
      return left.object() == right.object() || left.object()->equals(run, *right.object());
    default:
      return false;
  }
}

bool compare(Runtime& run, Comparison op, const Value& left, const Value& right) {
  switch (op) {
    case Comparison::kEqual:
      return equals(run, left, right);
    case Comparison::kNotEqual:
      return !equals(run, left, right);
    case Comparison::kIn:
      return contains(run, right, left);
    case Comparison::kNotIn:
      return !contains(run, right, left);
    default:
      return ordered(run, op, left, right);
  }
}

bool contains(Runtime& run, const Value& container, const Value& item) {
  if (container.is_text()) return text_contains(run, container, item);
  if (container.is(Kind::kDict)) return container.dict()->find(run, item) != nullptr;
  if (const auto* range = container.as<Range>(); range != nullptr && item.is_integral()) {
    return range->holds(item.integer());
  }
  if (const auto* view = container.as<DictView>();
      view != nullptr && view->part() == DictView::Part::kKeys) {
    return view->dict()->find(run, item) != nullptr;
  }
  if (!is_iterable(container)) {
    fail_type("argument of type '", type_name(container), "' is not iterable");
  }
  const auto items = iterate(run, container);
  Value candidate;
  while (items->next(run, candidate)) {
    if (equals(run, candidate, item)) return true;
  }
  return false;
}

}  // namespace lapidary::tokenizer::jinja
