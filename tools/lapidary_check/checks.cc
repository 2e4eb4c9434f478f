#include "lapidary_check/checks.h"

namespace lapidary::check {
namespace {

constexpr Kind kKinds[] = {
    {"advantages", evaluate_advantages},
    {"policy-loss", evaluate_policy_loss},
    {"cp-loss", evaluate_cp_loss},
    {"logprob-entropy", evaluate_logprob_entropy},
    {"packing", evaluate_packing},
    {"reward-dapo", evaluate_reward_dapo},
    {"reward-math", evaluate_reward_math},
    {"reward-other", evaluate_reward_other},
    {"reward-retool", evaluate_reward_retool},
    {"retool-parse", evaluate_retool_parse},
    {"retool-episode", evaluate_retool_episode},
    {"retool-sandbox", evaluate_retool_sandbox},
    {"data", evaluate_data},
    {"metrics-values", evaluate_metrics_values},
    {"parse-tools", evaluate_parse_tools},
};

}  // namespace

std::span<const Kind> kinds() {
  return kKinds;
}

}  // namespace lapidary::check
