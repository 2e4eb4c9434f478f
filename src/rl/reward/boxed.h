// Answers in \boxed{..}.
//
// Worked example. "so \boxed{1} or \boxed{\frac{1}{2}}." -> "\frac{1}{2}".
#pragma once

#include <optional>

#include "rl/text/python_text.h"

namespace lapidary::rl {

// Of the last \boxed (or, without one, \fbox): what stands in its braces, if it is a \boxed with
// braces right behind it and they are closed.
std::optional<Text> boxed_answer(TextView text);

// Of the last "\boxed{": what stands in its braces, if they are closed (DAPO's strict form).
std::optional<Text> strict_boxed_answer(TextView text);

}  // namespace lapidary::rl
