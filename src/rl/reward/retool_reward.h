// The reward of slime's retool example: the last box must equal the label to the letter, and a
// wrong answer is punished less the more tools were tried.
//
// Worked example. "Answer: \boxed{5}" against "5": 1. Wrong with 0 calls: -1.1; with 4: -0.9; with
// 10 or more: -0.6.
#pragma once

#include <string_view>

#include "base/dim.h"
#include "base/json.h"

namespace lapidary::rl {

// {"score", "acc", "pred"} of the response's last 100 characters. A label that is a number is
// compared as its text; without a label no answer is right.
Json retool_reward(std::string_view response, const Json& label, Dim tool_calls);

}  // namespace lapidary::rl
