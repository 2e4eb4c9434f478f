// From the rewards of a rollout to the advantage of every response token.
#pragma once

#include <vector>

#include "rl/advantage/group_rewards.h"
#include "rl/advantage/token_advantages.h"
#include "rl/metrics/statistics.h"
#include "rl/record/sample.h"

namespace lapidary::loop {

struct AdvantageSettings {
  rl::GroupRewardOptions group_rewards;
  rl::AdvantageOptions advantages;
  bool is_whitened = false;             // --normalize-advantages
  bool uses_rollout_log_probs = false;  // the engine's log-probs are the old ones
};

// Sets sample.advantages from sample.reward, group_id, loss_mask and, with a KL coefficient, old
// and reference log-probs. Returns the figures of the rollout under slime's names:
// rollout/raw_reward, rewards, advantages, returns, kl, response_lengths, total_lengths, and
// log_probs, ref_log_probs, rollout_log_probs where they are known. Means over rollouts divide by
// the number of different rollout ids.
rl::NamedValues set_advantages(std::vector<rl::Sample>& samples, const AdvantageSettings& settings);

}  // namespace lapidary::loop
