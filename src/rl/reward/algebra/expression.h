// Whether two answers in the notation of the second normalisation are equal as expressions, by
// exact algebra. Covered: whole numbers, decimals, fractions, + - * / ^, products without a sign
// (2x, xy, 2(x+1)), parentheses, sqrt(..), pi, ln(..), n!, symbols of one letter.
//
// Worked example. "(x+1)(x-1)" and "x^2-1": equal. "2^1/2" and "sqrt(2)": not (the power binds
// first).
#pragma once

#include "rl/text/python_text.h"

namespace lapidary::rl {

// True only if truth - given is 0 wherever it is defined. Like the reference it does not look at
// expressions with more than two different letters (besides sqrt) or with powers above one digit.
bool are_equal_expressions(TextView truth, TextView given);

}  // namespace lapidary::rl
