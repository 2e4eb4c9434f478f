// format(value, specification): Python's format mini-language.
#pragma once

#include <string>
#include <string_view>

#include "tokenizer/jinja/value.h"

namespace lapidary::tokenizer::jinja {

std::string format_value(Runtime& run, const Value& value, std::string_view specification);

}  // namespace lapidary::tokenizer::jinja
