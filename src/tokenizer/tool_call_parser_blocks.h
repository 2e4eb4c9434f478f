// One block of each form, read from the byte behind its start marker.
#pragma once

#include <set>

#include "tokenizer/tool_call_parser.h"

namespace lapidary::tokenizer {

struct ToolCallFailure {  // thrown by the readers
  ToolCallFault fault;
  size_t at;
};

// `at` is moved behind the end marker. Throw ToolCallFailure.
ToolCall read_gemma4_block(std::string_view text, size_t& at);
ToolCall read_json_block(std::string_view text, size_t& at);

// ---- What the two readers share ----

constexpr int kMaxToolCallDepth = 64;

bool is_tool_name_character(char c);
// Space, tab, CR, LF.
bool is_tool_call_space(char c);

// The number that `text` is as a whole, by JSON's grammar; nothing for anything else, and for one
// that is too large for a double. Whole numbers below 2^64 stay integers.
std::optional<Json> number_of(std::string_view text);

// Adds members without the quadratic search of Json's own insertion.
class ObjectBuilder {
 public:
  bool has(const std::string& key) const { return keys_.count(key) != 0; }
  void add(std::string key, Json value);
  Json take() { return std::move(object_); }

 private:
  std::set<std::string> keys_;
  Json object_ = Json::object();
};

}  // namespace lapidary::tokenizer
