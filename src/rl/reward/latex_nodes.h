// LaTeX source as a tree, read as tolerantly as pylatexenc reads it: what does not match is
// skipped.
#pragma once

#include <optional>
#include <vector>

#include "rl/text/python_text.h"

namespace lapidary::rl {

struct LatexNode {
  enum class Kind { kCharacters, kGroup, kCommand, kEnvironment, kSpecial, kMath };
  Kind kind = Kind::kCharacters;
  Text text;        // characters, or the name of the command, environment or special
  Text post_space;  // behind a command
  std::vector<LatexNode> children;  // of a group, an environment, math
  // Of a command, one for each of latex_arguments; none where an optional one is absent. Empty when
  // they could not be read.
  std::vector<std::optional<LatexNode>> arguments;
  bool is_display = false;  // math
};
using LatexNodes = std::vector<LatexNode>;

// None when groups nest deeper than 150.
std::optional<LatexNodes> parse_latex(TextView latex);

}  // namespace lapidary::rl
