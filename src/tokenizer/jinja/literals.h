// Number and string literals of templates, and the texts that int() and float() accept.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tokenizer/jinja/value.h"

namespace lapidary::tokenizer::jinja {

// Length of the literal that `text` begins with; 0 where it begins with none.
size_t float_length(std::string_view text);
size_t integer_length(std::string_view text);

// The value of such a literal (underscores allowed); nothing where it needs more than 127 bits.
std::optional<Integer> integer_value(std::string_view literal);
double float_value(std::string_view literal);

// Python's int(text, base) and float(text): white space around, signs and single underscores
// between digits are allowed. Nothing for a text that is no number or too large. Base 0 reads the
// prefix.
std::optional<Integer> parse_integer(std::string_view text, int base);
std::optional<double> parse_float(std::string_view text);

// The value of a string literal's body: Python's escapes resolved. Throws SyntaxFailure.
std::string unescape(std::string_view body, int line);

}  // namespace lapidary::tokenizer::jinja
