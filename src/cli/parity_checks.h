// The checks of `lapidary parity`: one function a part of the dump. Each runs the model and adds to
// the comparison. Tolerances are those that the dump's own README recommends for float32.
#pragma once

#include <vector>

#include "cli/parity_comparison.h"
#include "cli/parity_dump.h"
#include "model/gemma4/model.h"

namespace lapidary::cli {

// How training batches are cut: no value changes what is computed, only how.
struct BatchOptions {
  Dim max_sequences = 0;  // in one micro-batch; 0: no limit
  Dim max_tokens = 0;     // in one micro-batch; 0: no limit
  model::Recompute recompute = model::Recompute::kNone;
};

// Exact parity (float32): every intermediate value, logits, log-probabilities; gradients of the
// loss; greedy tokens without and with cache; steps of the optimizer. check_optimizer changes the
// model's weights and comes last.
void check_forward(const model::Gemma4Model& model, ParityDump& dump, Comparison& comparison);
void check_gradients(model::Gemma4Model& model, ParityDump& dump, const BatchOptions& batching,
                     Comparison& comparison);
void check_generation(const model::Gemma4Model& model, ParityDump& dump, Comparison& comparison);
void check_optimizer(model::Gemma4Model& model, ParityDump& dump, const BatchOptions& batching,
                     Comparison& comparison);

// Reduced precision: two correct implementations differ a lot at single places (another expert is
// chosen), so averages are compared, and the share of equal routing decisions.
void check_reduced_precision(const model::Gemma4Model& model, ParityDump& dump,
                             Comparison& comparison);

// Minus the mean log-probability of all next tokens of all sequences, with gradients accumulated
// into the parameters when they require grad.
double loss_and_gradients(const model::Gemma4Model& model, const ParityDump& dump,
                          const BatchOptions& batching);

}  // namespace lapidary::cli
