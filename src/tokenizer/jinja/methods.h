// The methods of texts, lists, tuples, dicts and numbers.
#pragma once

#include <string_view>

#include "tokenizer/jinja/object.h"

namespace lapidary::tokenizer::jinja {

// The function behind a public method of `value`'s type; null where it has none of that name.
Function::Body find_method(const Value& value, std::string_view name);

Function::Body find_text_method(std::string_view name);
Function::Body find_container_method(const Value& value, std::string_view name);

// Whether Python's type has this attribute but the sandbox hides it: names with two underscores,
// and methods that change their container.
bool is_hidden_attribute(const Value& value, std::string_view name);

}  // namespace lapidary::tokenizer::jinja
