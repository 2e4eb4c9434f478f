#include "tokenizer/jinja/arithmetic.h"

#include <cmath>

#include "tokenizer/jinja/failure.h"

namespace lapidary::tokenizer::jinja {
namespace {

constexpr double kIntegerBound = 0x1p127;

[[noreturn]] void fail_overflow() {
  fail_type("the result of an integer operation needs more than 127 bits");
}

double float_modulo(double left, double right) {
  if (right == 0.0) fail_type("float modulo");
  double rest = std::fmod(left, right);
  if (rest == 0.0) return std::copysign(0.0, right);
  if ((right < 0) != (rest < 0)) rest += right;
  return rest;
}

double float_floor_divide(double left, double right) {
  if (right == 0.0) fail_type("float floor division by zero");
  double rest = std::fmod(left, right);
  double quotient = (left - rest) / right;
  if (rest != 0.0 && (right < 0) != (rest < 0)) quotient -= 1.0;
  if (quotient == 0.0) return std::copysign(0.0, left / right);
  const double floor = std::floor(quotient);
  return quotient - floor > 0.5 ? floor + 1.0 : floor;
}

double float_power(double base, double exponent) {
  if (base == 0.0 && exponent < 0) fail_type("0.0 cannot be raised to a negative power");
  if (base < 0 && std::isfinite(base) && std::isfinite(exponent) &&
      exponent != std::floor(exponent)) {
    fail_type("complex numbers are not supported: a negative number to a fractional power");
  }
  const double out = std::pow(base, exponent);
  if (std::isinf(out) && std::isfinite(base) && std::isfinite(exponent)) {
    fail_type("(34, 'Numerical result out of range')");
  }
  return out;
}

double true_divide(Integer left, Integer right) {
  if (right == 0) fail_type("division by zero");
  return static_cast<double>(static_cast<long double>(left) / static_cast<long double>(right));
}

int order(auto left, auto right) {
  return left < right ? -1 : left > right ? 1 : 0;
}

int compare_integer_float(Integer left, double right) {
  if (right >= kIntegerBound) return -1;
  if (right <= -kIntegerBound) return 1;
  const auto whole = static_cast<Integer>(right);
  if (left != whole) return order(left, whole);
  return order(0.0, right - static_cast<double>(whole));
}

}  // namespace

Integer add_integers(Integer left, Integer right) {
  Integer out = 0;
  if (__builtin_add_overflow(left, right, &out) || out < -kLargestInteger) fail_overflow();
  return out;
}

Integer multiply_integers(Integer left, Integer right) {
  if (left == 0 || right == 0) return 0;
  const Integer size = left < 0 ? -left : left;
  if (size > kLargestInteger / (right < 0 ? -right : right)) fail_overflow();
  return left * right;
}

Integer floor_divide(Integer left, Integer right) {
  if (right == 0) fail_type("integer division or modulo by zero");
  const Integer quotient = left / right;
  return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
}

Integer floor_modulo(Integer left, Integer right) {
  if (right == 0) fail_type("integer modulo by zero");
  const Integer rest = left % right;
  return rest != 0 && (rest < 0) != (right < 0) ? rest + right : rest;
}

Integer integer_power(Integer base, Integer exponent) {
  if (base == 0 || base == 1) return exponent == 0 ? 1 : base;
  if (base == -1) return exponent % 2 == 0 ? 1 : -1;
  Integer out = 1;
  for (Integer i = 0; i < exponent; ++i) out = multiply_integers(out, base);  // at most 127 rounds
  return out;
}

Value integer_arithmetic(BinaryOperator op, Integer left, Integer right) {
  switch (op) {
    case BinaryOperator::kAdd:
      return Value(add_integers(left, right));
    case BinaryOperator::kSubtract:
      return Value(add_integers(left, -right));
    case BinaryOperator::kMultiply:
      return Value(multiply_integers(left, right));
    case BinaryOperator::kDivide:
      return Value(true_divide(left, right));
    case BinaryOperator::kFloorDivide:
      return Value(floor_divide(left, right));
    case BinaryOperator::kModulo:
      return Value(floor_modulo(left, right));
    case BinaryOperator::kPower:
      if (right < 0)
        return Value(float_power(static_cast<double>(left), static_cast<double>(right)));
      return Value(integer_power(left, right));
  }
  return Value();
}

Value float_arithmetic(BinaryOperator op, double left, double right) {
  switch (op) {
    case BinaryOperator::kAdd:
      return Value(left + right);
    case BinaryOperator::kSubtract:
      return Value(left - right);
    case BinaryOperator::kMultiply:
      return Value(left * right);
    case BinaryOperator::kDivide:
      if (right == 0.0) fail_type("float division by zero");
      return Value(left / right);
    case BinaryOperator::kFloorDivide:
      return Value(float_floor_divide(left, right));
    case BinaryOperator::kModulo:
      return Value(float_modulo(left, right));
    case BinaryOperator::kPower:
      return Value(float_power(left, right));
  }
  return Value();
}

int compare_numbers(const Value& left, const Value& right) {
  if (left.is_integral() && right.is_integral()) return order(left.integer(), right.integer());
  const auto is_nan = [](const Value& value) {
    return value.is(Value::Kind::kFloat) && std::isnan(value.floating());
  };
  if (is_nan(left) || is_nan(right)) return 2;
  if (left.is_integral()) return compare_integer_float(left.integer(), right.floating());
  if (right.is_integral()) return -compare_integer_float(right.integer(), left.floating());
  return order(left.floating(), right.floating());
}

Integer truncate(double number) {
  if (std::isnan(number)) fail_type("cannot convert float NaN to integer");
  if (std::isinf(number)) fail_type("cannot convert float infinity to integer");
  if (std::fabs(number) >= kIntegerBound) fail_overflow();
  return static_cast<Integer>(number);
}

}  // namespace lapidary::tokenizer::jinja
