// The kinds of lapidary-check: each evaluates one case, by the product's own code. A result has the
// fields of that case's `expected`, and `error` where the reference raises: alone (with our
// `message`) where the product refuses too, beside the product's values where it does not.
#pragma once

#include <span>
#include <string_view>

#include "base/json.h"

namespace lapidary::check {

struct Kind {
  std::string_view name;
  // Throws Error for a case that cannot be read.
  Json (*evaluate)(const JsonObject& one);
};

std::span<const Kind> kinds();

Json evaluate_parse_tools(const JsonObject& test_case);
Json evaluate_advantages(const JsonObject& test_case);
Json evaluate_policy_loss(const JsonObject& test_case);
Json evaluate_cp_loss(const JsonObject& test_case);
Json evaluate_logprob_entropy(const JsonObject& test_case);
Json evaluate_packing(const JsonObject& test_case);
Json evaluate_reward_dapo(const JsonObject& test_case);
Json evaluate_reward_math(const JsonObject& test_case);
Json evaluate_reward_other(const JsonObject& test_case);
Json evaluate_reward_retool(const JsonObject& test_case);
Json evaluate_retool_parse(const JsonObject& test_case);
Json evaluate_retool_episode(const JsonObject& test_case);
Json evaluate_retool_sandbox(const JsonObject& test_case);
Json evaluate_data(const JsonObject& test_case);
Json evaluate_metrics_values(const JsonObject& test_case);

}  // namespace lapidary::check
