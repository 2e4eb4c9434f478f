// Where a run writes its records.
#pragma once

#include "base/flag_set.h"
#include "base/json.h"
#include "cli/resume_point.h"
#include "loop/run_recorder.h"

namespace lapidary::cli {

// --run-dir, or the folder of the run that is continued, or runs/DATE-TIME; --use-tensorboard,
// --tensorboard-dir. `state` is the run.json of a start with an iteration: in its own folder the
// records behind it are dropped.
loop::RecorderOptions recorder_options(const FlagSet& flags, const ResumePoint& start,
                                       const Json& state);

}  // namespace lapidary::cli
