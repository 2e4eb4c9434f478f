// The estimators by name, and which of them group-normalise rewards.
#pragma once

#include <string_view>

namespace lapidary::rl {

enum class Estimator {
  kGrpo,
  kGspo,
  kCispo,
  kReinforcePlusPlus,
  kReinforcePlusPlusBaseline,
  kPpo,
};

// --advantage-estimator: grpo, gspo, cispo, reinforce_plus_plus, reinforce_plus_plus_baseline, ppo.
// Throws Error{kInvalidArgument} that lists them.
Estimator estimator_from_name(std::string_view name);
std::string_view to_string(Estimator estimator);

}  // namespace lapidary::rl
