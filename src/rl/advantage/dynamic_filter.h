// Which groups are worth training on: those whose rewards differ.
//
// Worked example. Rewards {1.0, 1.0, 1.0}: dropped for the reason "zero_std_1.0". Rewards {1, -1}:
// kept.
#pragma once

#include <span>
#include <string>

#include "base/dim.h"
#include "base/json.h"

namespace lapidary::rl {

// --dynamic-sampling-filter-path of slime's built-ins.
enum class DynamicFilter {
  kNonzeroStd,              // check_reward_nonzero_std
  kNonzeroStdWithFallback,  // check_reward_nonzero_std_with_fallback
};
// By slime's import path or its last name. Throws Error{kInvalidArgument} that lists them.
DynamicFilter dynamic_filter_from_path(const std::string& path);

struct FilterVerdict {
  bool keep = false;
  std::string reason;  // of a group that is not kept
  bool keep_when_insufficient = false;
};

// Kept when the standard deviation of the rewards (n - 1 in the divisor) exceeds 1e-6; one reward
// alone has none. `reward_key` picks a field of rewards that are objects.
FilterVerdict filter_group(std::span<const Json> rewards, const std::string& reward_key,
                           DynamicFilter filter);

// Whether the group is thrown away: a group the fallback filter does not keep is taken after all
// when no more groups are under way than are needed.
bool is_dropped(const FilterVerdict& verdict, Dim groups_remaining, Dim groups_wanted);

// "1", "-1.1": the first reward rounded to one decimal, as slime names it.
std::string rounded_reward(const Json& reward);

}  // namespace lapidary::rl
