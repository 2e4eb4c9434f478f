// Fills in the syntax tree what the renderer needs: the slot of every variable, what scopes load,
// the functions behind filters and tests.
#pragma once

#include "tokenizer/jinja/syntax.h"

namespace lapidary::tokenizer::jinja {

// Throws SyntaxFailure: an unknown filter or test, break outside of a loop, a block defined twice.
void bind(Template& parsed);

}  // namespace lapidary::tokenizer::jinja
