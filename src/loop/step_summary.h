// The one line that a step of a run is for a person.
#pragma once

#include <cstdint>
#include <string>

#include "observe/metric_row.h"

namespace lapidary::loop {

struct StepTimes {  // seconds
  double rollout = 0.0;
  double old_log_probs = 0.0;
  double ref_log_probs = 0.0;
  double train = 0.0;
  double whole = 0.0;
};

// "step 12/100  reward 0.531  length 41 (max 96)  truncated 3%  entropy 0.51  clipped 0.1%
//  mismatch 1.2e-07  grad 0.33  1234 tokens/s  12.3 s: rollout 61%  train 38%  other 1%"
// What the row does not have is left out.
std::string step_summary(const observe::MetricRow& row, const StepTimes& times, int64_t step,
                         int64_t num_steps);

}  // namespace lapidary::loop
