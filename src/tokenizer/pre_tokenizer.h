// Cuts a normalized text into the pieces that are encoded each alone: Split at a literal pattern,
// and sequences of them. In Gemma's files the pattern is a space, of which the normalizer leaves
// none, so that a whole stretch is one piece.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace lapidary::tokenizer {

class PreTokenizer {
 public:
  PreTokenizer() = default;  // one piece

  // The value of "pre_tokenizer" (null: one piece). Throws Error{kUnsupported} that names any
  // other component.
  static PreTokenizer from_json(const Json& json, const std::string& what);

  // Replaces `out` by the pieces of `text` in order, none of them empty.
  void split(std::string_view text, std::vector<std::string_view>& out) const;

 private:
  enum class Behavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };
  struct Split {
    std::string pattern;
    Behavior behavior;
    void append(std::string_view text, std::vector<std::string_view>& out) const;
  };
  static Behavior read_behavior(const JsonObject& component);
  void add_component(const JsonObject& component);

  std::vector<Split> steps_;
};

}  // namespace lapidary::tokenizer
