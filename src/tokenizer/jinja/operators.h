// Python's operators on values: arithmetic with floor semantics, deep comparison, containment.
#pragma once

#include "tokenizer/jinja/value.h"

namespace lapidary::tokenizer::jinja {

enum class BinaryOperator { kAdd, kSubtract, kMultiply, kDivide, kFloorDivide, kModulo, kPower };
enum class Comparison {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kNotIn
};

Value apply(Runtime& run, BinaryOperator op, const Value& left, const Value& right);
Value negate(const Value& operand);
Value positive(const Value& operand);

bool equals(Runtime& run, const Value& left, const Value& right);
bool compare(Runtime& run, Comparison op, const Value& left, const Value& right);
bool contains(Runtime& run, const Value& container, const Value& item);

// Numbers as double; throws for one that is too large or no number.
double to_double(const Value& number);
// integer ** exponent for exponent >= 0.
Integer integer_power(Integer base, Integer exponent);

}  // namespace lapidary::tokenizer::jinja
