#include "loop/reward_function.h"

#include "rl/reward/retool_reward.h"
#include "rl/reward/rule_reward.h"

namespace lapidary::loop {

void RuleReward::score(const RewardCase& scored, Done done) {
  done({rl::rule_reward({.type = type_,
                         .response = scored.response,
                         .label = scored.prompt.label,
                         .metadata = scored.prompt.metadata,
                         .seed = scored.seed}),
        ""});
}

void RetoolReward::score(const RewardCase& scored, Done done) {
  done({rl::retool_reward(scored.response, scored.prompt.label, scored.trajectory.tool_calls), ""});
}

}  // namespace lapidary::loop
