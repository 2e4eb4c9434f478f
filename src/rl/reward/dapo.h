// --rm-type dapo: the text behind the last "Answer:", normalised as Minerva does it, against a
// label that is a whole number.
//
// Worked example. "so x = 34.\nAnswer: $34$" against "34": pred "34", score 1. Label "1/2" is no
// number: score -1.
#pragma once

#include <string>
#include <string_view>

#include "rl/text/python_text.h"

namespace lapidary::rl {

struct DapoScore {
  double score = -1.0;  // 1 or -1
  bool is_correct = false;
  std::string prediction;  // normalised; "[INVALID]" when there is no answer
};

// Looks at the last 300 characters. The model's own end-of-turn markers do not count as part of the
// answer.
DapoScore dapo_score(std::string_view response, std::string_view label);
// The same for an answer that is there already (out of a box).
DapoScore dapo_score_of_answer(TextView answer, std::string_view label);

Text normalize_minerva(TextView answer);

}  // namespace lapidary::rl
