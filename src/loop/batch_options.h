// How the samples of a step become forward and backward passes: the same for every trainer.
#pragma once

#include <span>

#include "base/dim.h"
#include "model/gemma4/model.h"
#include "rl/packing/flops.h"
#include "rl/packing/schedule.h"
#include "rl/record/sample.h"

namespace lapidary::loop {

struct BatchOptions {
  Dim global_batch_size = 1;  // --global-batch-size: trajectories of one optimizer step
  // --use-dynamic-batch-size: kFirstFit, or kBalanced with --balance-by-flops. Without it
  // kFixedCount. Weighed by the true operations of the model: windows, own sizes of each layer.
  rl::BinFilling filling = rl::BinFilling::kFirstFit;
  Dim max_tokens = 4096;       // --max-tokens-per-gpu
  Dim micro_batch_size = 1;    // --micro-batch-size
  bool is_balanced = false;    // --balance-data
  Dim max_tokens_no_grad = 0;  // --log-probs-max-tokens-per-gpu; 0: max_tokens
  Dim head_chunk_tokens = 0;   // --log-probs-chunk-size; 0: chosen by memory
  model::Recompute recompute = model::Recompute::kNone;  // --recompute-granularity full: kLayers
};
// Throws Error{kInvalidArgument} that lists every problem by flag.
void validate(const BatchOptions& options);

enum class NonFinitePolicy {
  kStop,  // Error{kCorrupt} that names the file with the batch; no weight was changed
  kSkip,  // the step is left out, counted in train/skipped_steps
};

// The model as rl/packing/flops.h counts its operations.
rl::ModelShape model_shape(const model::Gemma4Config& config);

// Steps and micro-batches of the samples on one rank. Throws as rl::build_schedule().
rl::Schedule make_schedule(std::span<const rl::Sample> samples, const BatchOptions& options,
                           const rl::ModelShape& shape);

// Micro-batches for a pass without a gradient, as indices into samples.
std::vector<std::vector<Dim>> passes_without_gradient(std::span<const rl::Sample> samples,
                                                      const BatchOptions& options);

}  // namespace lapidary::loop
