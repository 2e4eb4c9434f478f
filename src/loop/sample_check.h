// Samples before and after the arithmetic: what is refused, and the file that shows a batch whose
// step was not finite.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/gemma4/model.h"
#include "rl/record/sample.h"

namespace lapidary::loop {

// Throws Error{kInvalidArgument} that names the sample by index for one without a prompt token,
// with lists of other lengths than the response, longer than the model's positions, with ids
// outside the vocabulary or with a reward that is no number; and for engine log-probs that some
// samples have and others lack.
void check_samples(std::span<const rl::Sample> samples, const model::Gemma4Model& model);

// Writes FOLDER/non_finite_step_0000012.jsonl, one line a sample: its fields and, where known, the
// log-probs of the step. A value that is not finite is null. Returns the path.
std::string dump_samples(const std::string& folder, int64_t step,
                         std::span<const rl::Sample> samples, const std::vector<Dim>& members);

}  // namespace lapidary::loop
