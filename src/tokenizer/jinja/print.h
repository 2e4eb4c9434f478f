// How values become text: Python's str() and repr().
#pragma once

#include <string>

#include "tokenizer/jinja/text_builder.h"
#include "tokenizer/jinja/value.h"

namespace lapidary::tokenizer::jinja {

std::string integer_text(Integer number);
// The shortest digits that read back as `number`: "1.0", "1e-05", "1e+22", "inf", "nan".
std::string float_text(double number);

void print(Runtime& run, TextBuilder& out, const Value& value);
void print_repr(Runtime& run, TextBuilder& out, const Value& value);
std::string text_of(Runtime& run, const Value& value);
std::string repr_of(Runtime& run, const Value& value);

// repr_of() with everything beyond ASCII escaped.
std::string ascii_of(Runtime& run, const Value& value);

// A text in quotes, with Python's choice of quotes and escapes.
void append_quoted(TextBuilder& out, std::string_view text);

}  // namespace lapidary::tokenizer::jinja
