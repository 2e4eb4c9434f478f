// The training part of the flags of train and sft, as the trainers take it.
#pragma once

#include "base/dim.h"
#include "base/flag_set.h"
#include "loop/policy_trainer.h"
#include "loop/sft_trainer.h"

namespace lapidary::cli {

// What the data and the rollout flags make of a run.
struct TrainingScale {
  Dim global_batch_size = 1;  // answers of one optimizer step
  int64_t num_steps = 1;      // optimizer steps of the whole run: the decay's end by default
};

// dump_folder and progress are left to the caller. Throws Error{kInvalidArgument} that names the
// flags; the result is valid.
loop::PolicyTrainerOptions policy_trainer_options(const FlagSet& flags, const TrainingScale& scale);
loop::SftTrainerOptions sft_trainer_options(const FlagSet& flags, const TrainingScale& scale);

}  // namespace lapidary::cli
