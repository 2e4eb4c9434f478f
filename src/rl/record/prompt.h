// One row of prompt data, as read: what to ask and what to score the answer by.
//
// Worked example. The line
//   {"prompt": [{"role": "user", "content": "What is 2+3?"}], "label": "5", "metadata": {"level":
//   1}}
// at row 7 of data.jsonl is
//   Prompt{.content = [{"role": "user", "content": "What is 2+3?"}], .label = "5",
//          .metadata = {"level": 1}, .tools = null, .row = 7}
#pragma once

#include <optional>
#include <string>

#include "base/dim.h"
#include "base/json.h"

namespace lapidary::rl {

struct Prompt {
  Json content;                    // a string, or a list of messages
  Json label;                      // null: none given; 0 and "" are labels
  Json metadata = Json::object();  // always an object
  Json tools;                      // null, or a list of tool declarations
  Dim row = 0;                     // line number in the file, from 1

  bool is_messages() const { return content.is_array(); }
};

// What a label is compared as: a string as it is, numbers and booleans in Python's spelling (5,
// 2.5, True), anything else as JSON; none for null.
std::optional<std::string> label_text(const Json& label);

}  // namespace lapidary::rl
