// An error in the template's text; the template's name is added above.
#pragma once

#include <string>

namespace lapidary::tokenizer::jinja {

struct SyntaxFailure {
  std::string reason;
  int line;
};

}  // namespace lapidary::tokenizer::jinja
