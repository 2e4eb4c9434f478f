#include "rl/reward/retool_reward.h"

#include <algorithm>

#include "rl/record/prompt.h"
#include "rl/reward/boxed.h"

namespace lapidary::rl {

namespace {

constexpr size_t kJudgedCharacters = 100;

}  // namespace

Json retool_reward(std::string_view response, const Json& label, Dim tool_calls) {
  const Text text = decode_utf8(response);
  const std::optional<Text> answer = strict_boxed_answer(last_characters(text, kJudgedCharacters));
  const std::string prediction = answer ? encode_utf8(*answer) : "";
  const bool is_correct = answer && label_text(label) == prediction;
  double score = 1.0;
  if (!is_correct) {
    score = std::min(-0.6, -1.0 + (static_cast<double>(tool_calls) - 2) / 2 * 0.1);
  }
  return Json{{"score", score}, {"acc", is_correct}, {"pred", prediction}};
}

}  // namespace lapidary::rl
