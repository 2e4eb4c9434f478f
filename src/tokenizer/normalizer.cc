#include "tokenizer/normalizer.h"

namespace lapidary::tokenizer {

Normalizer Normalizer::from_json(const Json& json, const std::string& what) {
  Normalizer out;
  if (!json.is_null()) out.add_component(JsonObject(json, what));
  return out;
}

void Normalizer::add_component(const JsonObject& component) {
  const std::string type = component_type(component);
  if (type == "Sequence") {
    for (const JsonObject& part : component_list(component, "normalizers")) add_component(part);
  } else if (type == "Replace") {
    steps_.emplace_back(read_replacement(component));
  } else if (type == "Prepend") {
    steps_.emplace_back(Prepend{component.get_string("prepend")});
  } else {
    refuse_component(component, "Replace, Prepend, Sequence");
  }
}

std::string_view Normalizer::apply(std::string_view text, std::string& buffer) const {
  const size_t max_bytes = max_bytes_after_replacing(text);
  std::string input;
  for (const auto& step : steps_) {
    if (text.data() == buffer.data()) {
      input.swap(buffer);
      text = input;
    }
    buffer.clear();
    if (const auto* replacement = std::get_if<Replacement>(&step)) {
      append_replaced(text, *replacement, max_bytes, buffer);
    } else {
      const std::string& prefix = std::get<Prepend>(step).prefix;
      if (text.size() + prefix.size() > max_bytes) refuse_growth("", prefix);
      if (!text.empty()) buffer += prefix;
      buffer += text;
    }
    text = buffer;
  }
  return text;
}

}  // namespace lapidary::tokenizer
