// A step whose loss or gradient is not finite: the batch is written down, then the run stops or
// goes on without the step.
#pragma once

#include <string>
#include <vector>

#include "loop/batch_options.h"
#include "rl/record/sample.h"
#include "train/weight_update.h"

namespace lapidary::loop {

struct NonFiniteSettings {
  NonFinitePolicy policy = NonFinitePolicy::kStop;
  std::string folder;  // of the file with the batch
};

// `result` of the step that was not applied, `members` its samples. Writes
// FOLDER/non_finite_step_0000012.jsonl, one line a sample; a value that is not finite is null.
// Throws Error{kCorrupt} that names the file (kStop), or warns (kSkip).
void report_non_finite(const NonFiniteSettings& settings, int64_t step,
                       const train::UpdateResult& result, const std::vector<rl::Sample>& samples,
                       const std::vector<Dim>& members);

}  // namespace lapidary::loop
