#include "rl/record/prompt.h"

#include "rl/text/python_text.h"

namespace lapidary::rl {

std::optional<std::string> label_text(const Json& label) {
  if (label.is_null()) {
    return std::nullopt;
  }
  if (label.is_string()) {
    return label.get<std::string>();
  }
  if (label.is_boolean()) {
    return label.get<bool>() ? "True" : "False";
  }
  if (label.is_number_float()) {
    return python_repr(label.get<double>());
  }
  return dump_json(label);
}

}  // namespace lapidary::rl
