// From the groups of a rollout to what the trainer takes, and to the figures that are shown.
#pragma once

#include <vector>

#include "loop/group_collector.h"
#include "rl/metrics/rollout_metrics.h"
#include "rl/metrics/statistics.h"
#include "rl/record/sample.h"

namespace lapidary::loop {

struct SampleOptions {
  std::string reward_key;
  // --mask-offpolicy-in-partial-rollout: tokens of weights before this version are not trained on;
  // none: all are.
  std::optional<int64_t> oldest_trained_version;
};

// One sample a trajectory, in the order of groups and members. A trajectory that failed has a mask
// of zeros: it weighs nothing.
std::vector<rl::Sample> make_samples(const Collection& collection, const SampleOptions& options);

struct FiguresOptions {
  std::string reward_key;
  Dim samples_per_group = 1;
  bool has_pass_rates = false;  // --log-passrate
  bool has_turns = false;       // --log-multi-turn
};

// Under slime's names: rollout/*, perf/*, dynamic_filter, error_cat; tool/* of our own. All but
// times and rates depend on the trajectories alone.
rl::NamedValues rollout_figures(const Collection& collection, const FiguresOptions& options);

}  // namespace lapidary::loop
