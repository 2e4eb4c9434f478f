// Cuts a template text into tokens, as Jinja2 3.1.6 does with trim_blocks and lstrip_blocks on and
// the default delimiters. Comments and the white space that the controls strip are gone from the
// result; raw blocks have become data.
#pragma once

#include <string_view>
#include <vector>

#include "tokenizer/jinja/syntax_failure.h"
#include "tokenizer/jinja/token.h"

namespace lapidary::tokenizer::jinja {

// Always ends with a kEnd token. Throws SyntaxFailure.
std::vector<Token> tokenize(std::string_view source);

}  // namespace lapidary::tokenizer::jinja
