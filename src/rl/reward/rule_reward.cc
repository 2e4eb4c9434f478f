#include "rl/reward/rule_reward.h"

#include "base/check.h"
#include "base/rng.h"
#include "rl/record/prompt.h"
#include "rl/reward/boxed.h"
#include "rl/reward/dapo.h"
#include "rl/reward/math_grade.h"
#include "rl/reward/multiple_choice.h"
#include "rl/reward/word_overlap.h"
#include "rl/text/python_text.h"

namespace lapidary::rl {

namespace {

constexpr const char* kKnown = "dapo, math, deepscaler, gpqa, f1, random, each also with boxed_";

Json as_json(const DapoScore& score) {
  return Json{{"score", score.score}, {"acc", score.is_correct}, {"pred", score.prediction}};
}

// The last box is a box in a box: what it holds is no plain answer.
bool is_nested_box(TextView text) {
  constexpr TextView kOpen = U"\\boxed{";
  const size_t last = text.rfind(kOpen);
  const size_t outer =
      last == 0 || last == TextView::npos ? TextView::npos : text.rfind(kOpen, last - 1);
  if (outer == TextView::npos) {
    return false;
  }
  const auto before = strict_boxed_answer(text.substr(0, last));
  return !before.has_value();  // the box before is still open where the last one begins
}

Json dapo_reward(const std::string& response, const Json& label, bool is_boxed) {
  const std::string truth = label_text(label).value_or("");
  if (!is_boxed) {
    return as_json(dapo_score(response, truth));
  }
  const std::optional<Text> answer = boxed_answer(decode_utf8(response));
  const bool has_answer_line =
      !answer || dapo_score(encode_utf8(*answer), truth).prediction != "[INVALID]";
  return as_json(has_answer_line ? dapo_score(answer ? encode_utf8(*answer) : "", truth)
                                 : dapo_score_of_answer(*answer, truth));
}

Json graded(bool is_correct) {
  return is_correct ? 1 : 0;
}

}  // namespace

std::string reward_type(const RewardRequest& request) {
  std::string type = request.type;
  if (request.metadata.is_object() && request.metadata.contains("rm_type") &&
      request.metadata["rm_type"].is_string() &&
      !request.metadata["rm_type"].get<std::string>().empty()) {
    type = request.metadata["rm_type"].get<std::string>();
  }
  return encode_utf8(strip(decode_utf8(type)));
}

Json rule_reward(const RewardRequest& request) {
  std::string type = reward_type(request);
  const bool is_boxed = type.starts_with("boxed_");
  if (is_boxed) {
    type = type.substr(std::string("boxed_").size());
  }
  const Text response = decode_utf8(request.response);
  // Math graders look into the box themselves; the others get what it holds.
  const bool opens_box_itself = type == "math" || type == "deepscaler" || type == "dapo";
  const Text judged =
      is_boxed && !opens_box_itself ? boxed_answer(response).value_or(Text()) : response;
  const Text label = decode_utf8(label_text(request.label).value_or(""));
  if (type == "math") {
    return graded(!(is_boxed && is_nested_box(response)) && is_math_correct(response, label));
  }
  if (type == "deepscaler") {
    return graded(!(is_boxed && is_nested_box(response)) && is_deepscaler_correct(response, label));
  }
  if (type == "dapo") {
    return dapo_reward(request.response, request.label, is_boxed);
  }
  if (type == "f1") {
    return word_overlap(encode_utf8(judged), encode_utf8(label));
  }
  if (type == "gpqa") {
    return multiple_choice_score(encode_utf8(judged), request.label, request.metadata);
  }
  if (type == "random") {
    return philox_uniform(request.seed, 0, 0) < 0.5 ? 0 : 1;
  }
  if (type.empty()) {
    fail(ErrorKind::kInvalidArgument, "no reward is named; give --rm-type (", kKnown,
         ") or --custom-rm-path, or rm_type in the metadata of each row");
  }
  fail(ErrorKind::kInvalidArgument, "--rm-type ", lapidary::quoted(type), " is no rule; there are ",
       kKnown);
}

}  // namespace lapidary::rl
