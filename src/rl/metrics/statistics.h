// Named values, and the small statistics that many of them are made of.
//
// Example: statistics({41, 38, 95, 91}) has mean 66.25, median 66, max 95, min 38.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/dim.h"

namespace lapidary::rl {

// slime's names, in the order in which they were made.
using NamedValues = std::vector<std::pair<std::string, double>>;

struct Statistics {
  double mean = 0;
  double median = 0;  // of an even count the mean of the middle two
  double max = 0;
  double min = 0;
};
// At least one value.
Statistics statistics(std::span<const double> values);
// PREFIX/mean, /median, /max, /min.
void append_statistics(NamedValues& out, const std::string& prefix, std::span<const double> values);

// pass@k for k = 1, 2, 4, ... up to group_size: the chance that k answers drawn from a group hold
// one of reward 1 (Chen et al. 2021), averaged over the groups that have k answers. group_ids[i]
// says whose answer i is. None for a group size of 1.
NamedValues pass_rates(std::span<const double> rewards, std::span<const Dim> group_ids,
                       Dim group_size);

// A text whose last 10,000 characters compress to less than a tenth (deflate, level 9). Shorter
// texts are not repetitive.
bool is_repetitive(const std::string& text);

}  // namespace lapidary::rl
