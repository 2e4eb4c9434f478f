// --rm-type gpqa: which option a response picks.
//
// Worked example. "The answer is (B)." with label "B": 1. "it is the beta decay" with label "B" and
// metadata {"choices": ["alpha ray", "beta decay"]}: 1.
#pragma once

#include <string_view>

#include "base/json.h"

namespace lapidary::rl {

// 1 or 0. metadata may hold choices (a list, or an object of which the values count),
// valid_letters, correct_letter, correct_answer, answer_text. The label is a letter, the text of a
// choice, or its number from 0. Text up to the last </think> is not looked at.
double multiple_choice_score(std::string_view response, const Json& label, const Json& metadata);

}  // namespace lapidary::rl
