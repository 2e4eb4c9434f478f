// Samples that a trainer refuses.
#pragma once

#include <span>

#include "model/gemma4/model.h"
#include "rl/record/sample.h"

namespace lapidary::loop {

// Throws Error{kInvalidArgument} that names the sample by index for one without a prompt token,
// with lists of other lengths than the response, longer than the model's positions, with ids
// outside the vocabulary or with a reward that is no number; and for engine log-probs that some
// samples have and others lack.
void check_samples(std::span<const rl::Sample> samples, const model::Gemma4Model& model);

}  // namespace lapidary::loop
