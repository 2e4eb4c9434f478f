// The files of an optimizer's state: optimizer.safetensors with "moment.NAME", "second_moment.NAME"
// and, for weights that are not fp32, "master.NAME", all fp32, NAME as in the checkpoint; and
// optimizer.json with the counts of steps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/gemma4/parameters.h"
#include "train/optimizer.h"

namespace lapidary::train {

struct StepCounts {
  int64_t num_steps = 0;
  int64_t num_skipped = 0;
};

// parameters[i] is slot i of the optimizer. `folder` exists. Throws Error{kIo, kExhausted}.
void save_optimizer(const std::string& folder, const std::vector<model::Parameter>& parameters,
                    const AdamW& optimizer, const StepCounts& counts);

// Throws Error{kNotFound, kCorrupt}, and Error{kInvalidArgument} that lists the differences when
// the state is not of these parameters; the optimizer is then as it was, but for a file that turns
// out to be damaged inside. Weights that have fp32 copies are rounded from them.
StepCounts restore_optimizer(const std::string& folder,
                             const std::vector<model::Parameter>& parameters, AdamW& optimizer);

}  // namespace lapidary::train
