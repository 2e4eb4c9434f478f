// HTML escaping: what `safe`, `escape` and friends do.
#pragma once

#include <string>
#include <string_view>

#include "tokenizer/jinja/text_builder.h"
#include "tokenizer/jinja/value.h"

namespace lapidary::tokenizer::jinja {

void append_escaped(TextBuilder& out, std::string_view text);
// Markup: `value` itself if it is markup, else its text, escaped.
Value escape(Runtime& run, const Value& value);
// Without tags and comments, white space collapsed, character references resolved.
std::string strip_tags(Runtime& run, std::string_view text);

}  // namespace lapidary::tokenizer::jinja
