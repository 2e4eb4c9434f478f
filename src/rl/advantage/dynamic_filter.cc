#include "rl/advantage/dynamic_filter.h"

#include <cmath>
#include <vector>

#include "base/check.h"
#include "rl/record/trajectory.h"
#include "rl/text/python_text.h"

namespace lapidary::rl {

namespace {

constexpr double kLeastDeviation = 1e-6;
constexpr const char* kModule = "slime.rollout.filter_hub.dynamic_sampling_filters.";

double sample_deviation(const std::vector<double>& values) {
  if (values.size() < 2) {
    return 0;
  }
  double mean = 0;
  for (const double value : values) {
    mean += value;
  }
  mean /= static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

}  // namespace

DynamicFilter dynamic_filter_from_path(const std::string& path) {
  const std::string name =
      path.starts_with(kModule) ? path.substr(std::string(kModule).size()) : path;
  if (name == "check_reward_nonzero_std") {
    return DynamicFilter::kNonzeroStd;
  }
  if (name == "check_reward_nonzero_std_with_fallback") {
    return DynamicFilter::kNonzeroStdWithFallback;
  }
  fail(ErrorKind::kInvalidArgument, "--dynamic-sampling-filter-path ", lapidary::quoted(path),
       " is none of the built-in filters: ", kModule, "check_reward_nonzero_std, ", kModule,
       "check_reward_nonzero_std_with_fallback");
}

std::string rounded_reward(const Json& reward) {
  if (reward.is_number_integer()) {
    return dump_json(reward);
  }
  if (reward.is_boolean()) {
    return reward.get<bool>() ? "1" : "0";
  }
  return python_repr(round_to_tenth(reward.get<double>()));
}

FilterVerdict filter_group(std::span<const Json> rewards, const std::string& reward_key,
                           DynamicFilter filter) {
  LAPIDARY_CHECK(!rewards.empty(), "a group has no members");
  std::vector<double> values;
  for (const Json& reward : rewards) {
    values.push_back(reward_value(reward, reward_key));
  }
  FilterVerdict verdict;
  verdict.keep = sample_deviation(values) > kLeastDeviation;
  verdict.keep_when_insufficient = filter == DynamicFilter::kNonzeroStdWithFallback;
  if (!verdict.keep) {
    verdict.reason = "zero_std_" + rounded_reward(reward_field(rewards[0], reward_key));
  }
  return verdict;
}

bool is_dropped(const FilterVerdict& verdict, Dim groups_remaining, Dim groups_wanted) {
  return !verdict.keep && !(verdict.keep_when_insufficient && groups_remaining <= groups_wanted);
}

}  // namespace lapidary::rl
