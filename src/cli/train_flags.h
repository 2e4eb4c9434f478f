// The flags of train, sft and eval: slime's names (and through it Megatron's and SGLang's), and a
// few of our own.
#pragma once

#include <string>
#include <vector>

#include "base/flag_set.h"

namespace lapidary::cli {

// Every flag of slime and of the Megatron that it pins, each used, refused as a feature to come, or
// accepted with the reason why it means nothing here.
std::vector<FlagSpec> train_flag_table();

// Parts of it.
std::vector<FlagSpec> data_and_rollout_flags();
std::vector<FlagSpec> training_flags();
std::vector<FlagSpec> flags_to_come();
std::vector<FlagSpec> flags_without_effect();

// Rewrites engine and router flags (--sglang-*, --router-*), which are whole families, to flags
// that the table knows: removes them from `words` and returns their names for the list of flags
// without effect.
std::vector<std::string> take_engine_flags(std::vector<std::string>& words);

}  // namespace lapidary::cli
