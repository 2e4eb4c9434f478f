// A trajectory as a line of rollouts/*.jsonl: what observe/report.h reads, and more.
#pragma once

#include "base/json.h"
#include "loop/environment.h"
#include "loop/trajectory_script.h"
#include "rl/record/prompt.h"
#include "rl/record/sample.h"
#include "rl/record/trajectory.h"

namespace lapidary::loop {

struct RecordedTrajectory {
  int64_t rollout_id = 0;
  Dim index = 0;  // in its group
  const rl::Prompt& prompt;
  const rl::Trajectory& trajectory;
  const TrajectoryScript& script;
  const rl::Sample* sample = nullptr;  // after training; nullptr in evaluation
  double score = 0.0;                  // the reward as a number
};

Json trajectory_record(const RecordedTrajectory& recorded, const Environment& environment);

}  // namespace lapidary::loop
