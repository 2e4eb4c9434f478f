// Rewards relative to the other answers to the same prompt.
//
// Worked example. Rewards {1, -1, 3} of groups {0, 0, 5} with grpo: {0.7071, -0.7071, 0}. A member
// that is alone, and every member of a group of equal rewards, gets exactly 0.
#pragma once

#include <span>
#include <vector>

#include "base/dim.h"
#include "rl/advantage/estimator.h"

namespace lapidary::rl {

struct GroupRewardOptions {
  Estimator estimator = Estimator::kGrpo;
  bool is_normalized = true;      // --disable-rewards-normalization clears it
  bool is_divided_by_std = true;  // --disable-grpo-std-normalization clears it
};

// grpo, gspo, cispo: (r - mean) / (std + 1e-6), std with n - 1 in the divisor;
// reinforce_plus_plus_baseline: r - mean; the others: r. In double precision. group_ids[i] says
// whose member i is; members of a group need not be neighbours or as many as in others.
std::vector<double> group_rewards(std::span<const double> rewards, std::span<const Dim> group_ids,
                                  const GroupRewardOptions& options);

}  // namespace lapidary::rl
