#include "tokenizer/text_pattern.h"

#include "base/check.h"

namespace lapidary::tokenizer {

std::string read_pattern(const JsonObject& component) {
  const JsonObject pattern = component.get_object("pattern");
  if (pattern.has("Regex")) {
    fail(ErrorKind::kUnsupported, pattern.what(), ": the regular expression ",
         lapidary::quoted(dump_json(pattern.at("Regex"))),
         " is not supported; only a literal {\"String\": ..} is");
  }
  std::string text = pattern.get_string("String");
  if (text.empty()) fail(ErrorKind::kInvalidArgument, pattern.what(), ": the pattern is empty");
  return text;
}

Replacement read_replacement(const JsonObject& component) {
  return {read_pattern(component), component.get_string("content")};
}

void append_replaced(std::string_view text, const Replacement& replacement, size_t max_bytes,
                     std::string& out) {
  while (true) {
    const size_t found = text.find(replacement.pattern);
    out += text.substr(0, found);
    if (out.size() > max_bytes) refuse_growth(replacement.pattern, replacement.content);
    if (found == std::string_view::npos) return;
    out += replacement.content;
    text.remove_prefix(found + replacement.pattern.size());
  }
}

void refuse_growth(std::string_view pattern, std::string_view content) {
  fail(ErrorKind::kInvalidArgument, "replacing ", lapidary::quoted(pattern), " by ",
       lapidary::quoted(content),
       " makes a text more than 16 times as long; that is taken for a broken tokenizer file");
}

std::vector<JsonObject> component_list(const JsonObject& sequence, const std::string& key) {
  const Json& list = sequence.at(key);
  if (!list.is_array()) {
    fail(ErrorKind::kInvalidArgument, sequence.what(), ": \"", key, "\" must be an array, found ",
         json_type(list));
  }
  std::vector<JsonObject> out;
  for (const Json& part : list) {
    out.emplace_back(part, cat(sequence.what(), ".", key, "[", out.size(), "]"));
  }
  return out;
}

std::string component_type(const JsonObject& component) {
  return component.get_string("type");
}

void refuse_component(const JsonObject& component, const char* supported) {
  fail(ErrorKind::kUnsupported, component.what(), ": the type ",
       lapidary::quoted(component_type(component)), " is not supported; supported: ", supported);
}

}  // namespace lapidary::tokenizer
