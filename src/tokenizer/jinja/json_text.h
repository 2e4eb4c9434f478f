// The filter `tojson` as transformers defines it: json.dumps without escaping for HTML.
#pragma once

#include <optional>
#include <string>

#include "tokenizer/jinja/value.h"

namespace lapidary::tokenizer::jinja {

struct JsonLayout {
  std::optional<std::string> indent;  // of one level; nothing: all on one line
  std::string item_separator = ", ";
  std::string key_separator = ": ";
  bool is_ascii = false;
  bool sorts_keys = false;
};

// Throws for what JSON cannot hold.
std::string json_text(Runtime& run, const Value& value, const JsonLayout& layout);

}  // namespace lapidary::tokenizer::jinja
