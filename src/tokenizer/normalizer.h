// What is done to the text between added tokens before it is encoded: Replace with a literal
// pattern, Prepend, and sequences of them.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "tokenizer/text_pattern.h"

namespace lapidary::tokenizer {

class Normalizer {
 public:
  Normalizer() = default;  // changes nothing

  // The value of "normalizer" (null changes nothing). Throws Error{kUnsupported} that names any
  // other component.
  static Normalizer from_json(const Json& json, const std::string& what);

  // The normalized text: `text` itself or a view of `buffer`.
  std::string_view apply(std::string_view text, std::string& buffer) const;

 private:
  struct Prepend {
    std::string prefix;
  };
  void add_component(const JsonObject& component);

  std::vector<std::variant<Replacement, Prepend>> steps_;
};

}  // namespace lapidary::tokenizer
