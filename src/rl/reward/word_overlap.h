// --rm-type f1: how many words an answer shares with the label.
//
// Worked example. "The red fox" and "a red fox": 1. "red fox" and "blue fox": 0.5.
#pragma once

#include <string_view>

namespace lapidary::rl {

// F1 of the words after case, punctuation, articles and spaces are taken away. An answer that is
// yes, no or noanswer (or a label that is) must be equal as a whole.
double word_overlap(std::string_view answer, std::string_view label);

}  // namespace lapidary::rl
