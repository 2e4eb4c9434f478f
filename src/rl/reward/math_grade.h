// Is a mathematical answer right? Text equality after either normalisation, else exact algebra.
//
// Worked example. "2\sqrt3" against "\sqrt{12}": neither text is equal, the difference is 0:
// correct.
#pragma once

#include <optional>
#include <string_view>

#include "rl/text/python_text.h"

namespace lapidary::rl {

enum class GradedBy { kNone, kMathd, kNormalized, kAlgebra };
// "none", "mathd", "normalize", "sympy": the reference's names.
std::string_view to_string(GradedBy by);

// What decided; kNone is wrong.
GradedBy grade_math_answer(TextView given, TextView truth);

// --rm-type math: the boxed answer of the response against the label, whose own box is opened.
bool is_math_correct(TextView response, TextView label);

// --rm-type deepscaler: as math, but the answer must follow </think> (the last one) or, without
// one, stand between the first ###Response and the next.
bool is_deepscaler_correct(TextView response, TextView label);

}  // namespace lapidary::rl
