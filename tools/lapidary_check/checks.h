// The kinds of lapidary-check: each evaluates one case, by the product's own code.
#pragma once

#include <span>
#include <string_view>

#include "base/json.h"

namespace lapidary::check {

struct Kind {
  std::string_view name;
  // The fields that the case's "expected" has. Throws Error for a case that cannot be read.
  Json (*evaluate)(const JsonObject& one);
};

std::span<const Kind> kinds();

Json parse_tools(const JsonObject& one);

}  // namespace lapidary::check
