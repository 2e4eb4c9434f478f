// YAML in and out, as JSON values. The one door to yaml-cpp.
#pragma once

#include <string>

#include "base/json.h"

namespace lapidary {

// Scalars become what YAML 1.2's core schema says (true, 12, 1e-6, null), quoted ones stay strings.
// Throws Error{kCorrupt} with path and line.
Json read_yaml_file(const std::string& path);
Json parse_yaml(const std::string& text, const std::string& what);

// Block style, keys in order; parse_yaml gives the same value back.
std::string dump_yaml(const Json& value);

}  // namespace lapidary
