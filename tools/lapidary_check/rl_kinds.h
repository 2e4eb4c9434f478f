// The kinds of data/rl-oracles: each evaluates one case with the product's own code. A result has
// the fields of that case's `expected`, and `error` where the reference raises: alone (with our
// `message`) where the product refuses too, beside the product's values where it does not.
#pragma once

#include "base/json.h"

namespace lapidary::check {

Json evaluate_advantages(const Json& test_case);
Json evaluate_policy_loss(const Json& test_case);
Json evaluate_cp_loss(const Json& test_case);
Json evaluate_logprob_entropy(const Json& test_case);
Json evaluate_packing(const Json& test_case);
Json evaluate_reward_dapo(const Json& test_case);
Json evaluate_reward_math(const Json& test_case);
Json evaluate_reward_other(const Json& test_case);
Json evaluate_reward_retool(const Json& test_case);
Json evaluate_retool_parse(const Json& test_case);
Json evaluate_retool_episode(const Json& test_case);
Json evaluate_retool_sandbox(const Json& test_case);
Json evaluate_data(const Json& test_case);
Json evaluate_metrics_values(const Json& test_case);

}  // namespace lapidary::check
