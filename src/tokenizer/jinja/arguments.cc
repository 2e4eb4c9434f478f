#include "tokenizer/jinja/arguments.h"

#include <algorithm>
#include <limits>

#include "tokenizer/jinja/failure.h"

namespace lapidary::tokenizer::jinja {

std::vector<Value> match(std::string_view function, Arguments& arguments,
                         std::initializer_list<Parameter> parameters) {
  const size_t count = arguments.positional.size();
  if (count > parameters.size()) {
    fail_type(function, "() takes at most ", parameters.size(), " arguments (", count, " given)");
  }
  std::vector<Value> out = std::move(arguments.positional);
  out.resize(parameters.size());
  for (auto& [name, value] : arguments.named) {
    const auto* parameter = std::find_if(
        parameters.begin(), parameters.end(),
        [&name = name](const Parameter& p) { return !p.name.empty() && p.name == name; });
    if (parameter == parameters.end()) {
      fail_type(function, "() got an unexpected keyword argument '", name, "'");
    }
    const auto at = static_cast<size_t>(parameter - parameters.begin());
    if (at < count) fail_type(function, "() got multiple values for argument '", name, "'");
    out[at] = std::move(value);
  }
  size_t at = 0;
  for (const Parameter& parameter : parameters) {
    if (parameter.is_required && out[at].is_missing()) {
      fail_type(function, "() is missing the required argument ",
                parameter.name.empty() ? cat(at + 1) : cat("'", parameter.name, "'"));
    }
    ++at;
  }
  return out;
}

void match_none(std::string_view function, const Arguments& arguments) {
  if (!arguments.named.empty()) fail_type(function, "() takes no keyword arguments");
  if (!arguments.positional.empty()) {
    fail_type(function, "() takes no arguments (", arguments.positional.size(), " given)");
  }
}

int64_t to_count(const Value& value) {
  if (!value.is_integral()) {
    fail_type("'", type_name(value), "' object cannot be interpreted as an integer");
  }
  const Integer low = std::numeric_limits<int64_t>::min() / 2;
  const Integer high = std::numeric_limits<int64_t>::max() / 2;
  return static_cast<int64_t>(std::clamp(value.integer(), low, high));
}

int64_t to_count_or(const Value& value, int64_t otherwise) {
  return value.is_missing() || value.is_none() ? otherwise : to_count(value);
}

const Text& to_text(std::string_view name, const Value& value) {
  if (!value.is_text()) fail_type(name, " must be str, not ", type_name(value));
  return *value.text();
}

}  // namespace lapidary::tokenizer::jinja
