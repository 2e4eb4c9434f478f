// Where a run begins: a Hugging Face checkpoint, or a checkpoint of an earlier run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/flag_set.h"

namespace lapidary::cli {

struct ResumePoint {
  std::string weights_folder;        // config and weights
  std::string text_folder;           // tokenizer, chat template, generation_config.json
  std::optional<int64_t> iteration;  // of a run that is continued: rollouts done
  std::string state_folder;          // its train_state
  bool asked_to_resume = false;      // --load was given
};

// --load: the newest checkpoint of a --save folder, one iter_* folder of it, or a Hugging Face
// folder to start from; a folder that is not there or has no checkpoint yet starts at
// --hf-checkpoint. --finetune takes the weights alone. Throws Error{kInvalidArgument, kNotFound}.
ResumePoint find_resume_point(const FlagSet& flags);

// A --save folder that holds checkpoints which this run would come to again is refused.
void check_save_folder(const FlagSet& flags, const ResumePoint& point);

}  // namespace lapidary::cli
