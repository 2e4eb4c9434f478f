// Finds stop strings in a text that comes in pieces, wherever the pieces are cut.
//
//   StopStrings stops({"</code>"});
//   stops.push("print(1)</")  -> "print(1)"    "</" may be the beginning of a stop string
//   stops.push("co")          -> ""
//   stops.push("de> and so")  -> ""            found: the text ends before it
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lapidary::tokenizer {

class StopStrings {
 public:
  // Throws Error{kInvalidArgument} for an empty stop string.
  explicit StopStrings(std::vector<std::string> stops);

  // The text that now certainly comes before any stop string. The first one to be complete ends
  // the text before it (of several that end at once, the longest); nothing comes after that.
  std::string push(std::string_view piece);
  // What was held back, when nothing more comes.
  std::string flush();

  bool found() const { return found_; }

 private:
  // Length of the longest stop string that ends at held_[end], or 0.
  size_t match_ending_at(size_t end) const;
  // Length of the longest end of held_ that a stop string may begin with.
  size_t possible_beginning() const;

  std::vector<std::string> stops_;
  std::string held_;
  bool found_ = false;
};

}  // namespace lapidary::tokenizer
