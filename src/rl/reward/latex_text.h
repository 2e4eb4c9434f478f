// LaTeX to plain text as pylatexenc's LatexNodes2Text does it by default, for answers: what the
// second normalisation of the math reward works on. Comments and dollar signs do not come here.
//
// Worked example. "\frac{1}{2}\pi" -> "1/2" + U+03C0, "\sqrt{x}" -> U+221A + "(x)",
// "\begin{pmatrix}1&2\\3&4\end{pmatrix}" -> "[ 1 2; 3 4 ]".
#pragma once

#include <optional>

#include "rl/text/python_text.h"

namespace lapidary::rl {

// None where the reference raises: a command that cannot do without its argument, nesting beyond
// 150.
std::optional<Text> latex_to_text(TextView latex);

}  // namespace lapidary::rl
