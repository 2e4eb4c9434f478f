#include "base/check.h"
#include "lapidary_check/case_values.h"
#include "lapidary_check/checks.h"
#include "rl/record/prompt.h"
#include "rl/reward/boxed.h"
#include "rl/reward/dapo.h"
#include "rl/reward/math_grade.h"
#include "rl/reward/math_text.h"
#include "rl/reward/retool_reward.h"
#include "rl/reward/rule_reward.h"

namespace lapidary::check {

namespace {

Json text_or_null(const std::optional<rl::Text>& text) {
  return text ? Json(rl::encode_utf8(*text)) : Json();
}

Json boxed_extract(const JsonObject& input) {
  const rl::Text text = rl::decode_utf8(input.get_string("text"));
  return Json{{"answer", text_or_null(rl::boxed_answer(text))},
              {"strict_box_answer", text_or_null(rl::strict_boxed_answer(text))}};
}

Json math_grade(const JsonObject& input) {
  const rl::Text given = rl::decode_utf8(input.get_string("given"));
  const rl::Text truth = rl::decode_utf8(input.get_string("truth"));
  const rl::GradedBy by = rl::grade_math_answer(given, truth);
  return Json{{"correct", by != rl::GradedBy::kNone},
              {"via", rl::to_string(by)},
              {"mathd_given", rl::encode_utf8(rl::normalize_mathd(given))},
              {"mathd_truth", rl::encode_utf8(rl::normalize_mathd(truth))},
              {"norm_given", rl::encode_utf8(rl::normalize_math(given))},
              {"norm_truth", rl::encode_utf8(rl::normalize_math(truth))}};
}

}  // namespace

Json evaluate_reward_dapo(const JsonObject& test_case) {
  const JsonObject input = test_case.get_object("input");
  rl::RewardRequest request;
  request.type = "dapo";
  request.response = input.get_string_or("response", "");
  request.label = input.json().value("label", Json());
  return rl::rule_reward(request);
}

Json evaluate_reward_math(const JsonObject& test_case) {
  const std::string kind = test_case.get_string("kind");
  if (kind == "boxed_extract") {
    return boxed_extract(test_case.get_object("input"));
  }
  if (kind == "math_grade") {
    return math_grade(test_case.get_object("input"));
  }
  fail(ErrorKind::kUnsupported, "reward-math has no case of the kind ", kind);
}

Json evaluate_reward_other(const JsonObject& test_case) {
  const JsonObject input = test_case.get_object("input");
  rl::RewardRequest request;
  request.type = input.get_string_or("rm_type", "");
  request.response = input.get_string_or("response", "");
  request.label = input.json().value("label", Json());
  request.metadata = input.json().value("metadata", Json::object());
  try {
    return Json{{"reward", rl::rule_reward(request)}};
  } catch (const Error& error) {
    return refusal("NotImplementedError", error);
  }
}

Json evaluate_reward_retool(const JsonObject& test_case) {
  const JsonObject input = test_case.get_object("input");
  // Both variants score the response alone.
  const Json reward =
      rl::retool_reward(input.get_string_or("response", ""), input.json().value("label", Json()),
                        input.get_int("tool_calls"));
  return Json{{"retool", reward}, {"retool_gemma4", reward}};
}

}  // namespace lapidary::check
