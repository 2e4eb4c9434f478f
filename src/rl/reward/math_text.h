// The two normalisations of a mathematical answer that decide most gradings by comparing texts, in
// the reference's order of steps (Hendrycks' MATH, then DeepScaleR's).
//
// Worked example. "\tfrac12" -> first "\frac{1}{2}", second "1/2"; "1,234 cm" -> first "1,234cm",
// second "1234".
#pragma once

#include <optional>

#include "rl/text/python_text.h"

namespace lapidary::rl {

// First: fractions and roots with braces, "k =" in front and \text{ units} behind removed, no
// spaces.
Text normalize_mathd(TextView answer);

// Second: units and separators removed, LaTeX as plain text, small letters, whole numbers in one
// form.
Text normalize_math(TextView answer);

// Commas between groups of three digits removed ("1,234" -> "1234", "1,2" stays).
Text without_digit_commas(TextView text);
// Whether that is a number within 1e-7 of a whole one.
bool is_integer_text(TextView text);
// Whether it looks like an integer over an integer, with one character of slack behind each.
bool is_fraction_text(TextView text);

}  // namespace lapidary::rl
