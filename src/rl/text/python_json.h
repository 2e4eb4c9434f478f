// json.loads, where it accepts more than the standard: NaN and infinities (read as null), lone
// surrogates (read as U+FFFD).
#pragma once

#include <optional>
#include <string>

#include "base/json.h"

namespace lapidary::rl {

// None where Python raises.
std::optional<Json> parse_python_json(const std::string& text);

}  // namespace lapidary::rl
