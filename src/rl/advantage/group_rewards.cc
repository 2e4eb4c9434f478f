#include "rl/advantage/group_rewards.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/check.h"

namespace lapidary::rl {

namespace {

constexpr double kStdFloor = 1e-6;

void normalize_group(std::vector<double>& rewards, const std::vector<size_t>& members,
                     bool is_divided) {
  double mean = 0;
  double least = rewards[members[0]];
  double most = least;
  for (const size_t member : members) {
    mean += rewards[member];
    least = std::min(least, rewards[member]);
    most = std::max(most, rewards[member]);
  }
  mean /= static_cast<double>(members.size());
  if (least ==
      most) {  // the mean of equal values may be off by a rounding, which 1e-6 would blow up
    for (const size_t member : members) {
      rewards[member] = 0;
    }
    return;
  }
  double squares = 0;
  for (const size_t member : members) {
    rewards[member] -= mean;
    squares += rewards[member] * rewards[member];
  }
  if (!is_divided) {
    return;
  }
  const double deviation = std::sqrt(squares / static_cast<double>(members.size() - 1));
  for (const size_t member : members) {
    rewards[member] /= deviation + kStdFloor;
  }
}

}  // namespace

std::vector<double> group_rewards(std::span<const double> rewards, std::span<const Dim> group_ids,
                                  const GroupRewardOptions& options) {
  LAPIDARY_CHECK(rewards.size() == group_ids.size(), rewards.size(), " rewards, ", group_ids.size(),
                 " group ids");
  std::vector<double> out(rewards.begin(), rewards.end());
  const bool is_baseline = options.estimator == Estimator::kReinforcePlusPlusBaseline;
  const bool is_group_relative = is_baseline || options.estimator == Estimator::kGrpo ||
                                 options.estimator == Estimator::kGspo ||
                                 options.estimator == Estimator::kCispo;
  if (!options.is_normalized || !is_group_relative) {
    return out;
  }
  std::map<Dim, std::vector<size_t>> groups;
  for (size_t i = 0; i < group_ids.size(); ++i) {
    groups[group_ids[i]].push_back(i);
  }
  for (const auto& [id, members] : groups) {
    normalize_group(out, members, options.is_divided_by_std && !is_baseline);
  }
  return out;
}

}  // namespace lapidary::rl
