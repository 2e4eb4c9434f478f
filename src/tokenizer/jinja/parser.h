// Template text to syntax tree, not yet bound.
#pragma once

#include <string_view>

#include "tokenizer/jinja/syntax.h"

namespace lapidary::tokenizer::jinja {

// Throws SyntaxFailure.
std::unique_ptr<Template> parse(std::string_view source);

}  // namespace lapidary::tokenizer::jinja
