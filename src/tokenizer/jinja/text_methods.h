// The groups that the methods of texts are kept in.
#pragma once

#include <string_view>

#include "tokenizer/jinja/object.h"

namespace lapidary::tokenizer::jinja {

// isupper, isdigit, ...; null for another name.
Function::Body find_text_test(std::string_view name);
// Splitting and padding: split, partition, center, zfill, ...
Function::Body find_text_layout_method(std::string_view name);

bool is_upper_text(std::string_view text);
bool is_lower_text(std::string_view text);

}  // namespace lapidary::tokenizer::jinja
