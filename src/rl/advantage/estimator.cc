#include "rl/advantage/estimator.h"

#include <array>
#include <utility>

#include "base/check.h"

namespace lapidary::rl {

namespace {

constexpr std::array<std::pair<std::string_view, Estimator>, 6> kNames = {
    {{"grpo", Estimator::kGrpo},
     {"gspo", Estimator::kGspo},
     {"cispo", Estimator::kCispo},
     {"reinforce_plus_plus", Estimator::kReinforcePlusPlus},
     {"reinforce_plus_plus_baseline", Estimator::kReinforcePlusPlusBaseline},
     {"ppo", Estimator::kPpo}}};

}  // namespace

Estimator estimator_from_name(std::string_view name) {
  for (const auto& [known, estimator] : kNames) {
    if (name == known) {
      return estimator;
    }
  }
  fail(ErrorKind::kInvalidArgument, "--advantage-estimator ", lapidary::quoted(name),
       " is unknown; it is one of grpo, gspo, cispo, reinforce_plus_plus, "
       "reinforce_plus_plus_baseline, ppo");
}

std::string_view to_string(Estimator estimator) {
  for (const auto& [name, known] : kNames) {
    if (estimator == known) {
      return name;
    }
  }
  return "";
}

}  // namespace lapidary::rl
