// From the arguments of a call to the parameters of a built-in function.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "tokenizer/jinja/object.h"

namespace lapidary::tokenizer::jinja {

struct Parameter {
  std::string_view name;  // "": by position only
  bool is_required = false;
};
constexpr Parameter required(std::string_view name = "") {
  return {name, true};
}
constexpr Parameter optional(std::string_view name = "") {
  return {name, false};
}

// The values in the order of `parameters`; missing where an optional one was not given. Throws for
// too many, too few or unknown arguments. The arguments are moved from.
std::vector<Value> match(std::string_view function, Arguments& arguments,
                         std::initializer_list<Parameter> parameters);

// For functions without parameters.
void match_none(std::string_view function, const Arguments& arguments);

// A value as a number of items or a position; numbers far beyond any become a large one. Throws for
// anything but an integer or boolean.
int64_t to_count(const Value& value);
int64_t to_count_or(const Value& value, int64_t otherwise);  // of a missing or none value
// Throws "NAME must be str, not int".
const Text& to_text(std::string_view name, const Value& value);

}  // namespace lapidary::tokenizer::jinja
