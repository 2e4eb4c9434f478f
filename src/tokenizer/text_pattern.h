// The literal pattern {"String": ..} that Replace and Split components of a tokenizer.json carry,
// and what is done with it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace lapidary::tokenizer {

// Reads `component`'s "pattern". Throws Error{kUnsupported} for a regular expression,
// Error{kInvalidArgument} for an empty or missing pattern.
std::string read_pattern(const JsonObject& component);

struct Replacement {
  std::string pattern;
  std::string content;
};

// A component of type Replace.
Replacement read_replacement(const JsonObject& component);

// A text may become this many times as long, and a little: no file of any use does more, and a
// hostile one could otherwise fill the memory.
inline size_t max_bytes_after_replacing(std::string_view text) {
  return 16 * (text.size() + 64);
}

// Appends `text` with each occurrence of the pattern, leftmost first, replaced. Throws
// Error{kInvalidArgument} when `out` grows beyond `max_bytes`.
void append_replaced(std::string_view text, const Replacement& replacement, size_t max_bytes,
                     std::string& out);
[[noreturn]] void refuse_growth(std::string_view pattern, std::string_view content);

// The parts of a Sequence, from the array at `key`.
std::vector<JsonObject> component_list(const JsonObject& sequence, const std::string& key);

// The type of a component, and an error for one that is not among those supported.
std::string component_type(const JsonObject& component);
[[noreturn]] void refuse_component(const JsonObject& component, const char* supported);

}  // namespace lapidary::tokenizer
