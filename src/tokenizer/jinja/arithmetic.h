// Integer and float arithmetic as Python does it. Integers have 127 bits and a sign: a result
// outside is an error.
#pragma once

#include "tokenizer/jinja/operators.h"

namespace lapidary::tokenizer::jinja {

constexpr Integer kLargestInteger = (((Integer{1} << 126) - 1) << 1) + 1;

Integer add_integers(Integer left, Integer right);
Integer multiply_integers(Integer left, Integer right);
// Rounded down; throw for a zero divisor.
Integer floor_divide(Integer left, Integer right);
Integer floor_modulo(Integer left, Integer right);

Value integer_arithmetic(BinaryOperator op, Integer left, Integer right);
Value float_arithmetic(BinaryOperator op, double left, double right);

// -1, 0 or 1, exactly; 2 when one is not a number (NaN).
int compare_numbers(const Value& left, const Value& right);

// A float's integer part; throws for infinities, NaN and what does not fit.
Integer truncate(double number);

}  // namespace lapidary::tokenizer::jinja
