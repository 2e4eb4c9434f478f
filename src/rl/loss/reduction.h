// How much each response token weighs in a loss, so that sums over micro-batches and ranks give the
// mean that is meant. Plain numbers; the loss multiplies by them.
//
// Worked example. Two rollouts of one sample each with masks {1, 1} and {0, 1}, batch 2:
//   per rollout: weights {0.25, 0.25} and {0, 0.5}; per token (N = 3): {1/3, 1/3} and {0, 1/3}.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "base/dim.h"

namespace lapidary::rl {

enum class Reduction {
  kPerRollout,  // mean over rollouts of each rollout's own token mean
  kPerToken,    // --calculate-per-token-loss: mean over tokens
};

// What every micro-batch and rank of a step must know of the whole step.
struct StepTotals {
  std::map<Dim, double> rollout_tokens;  // unmasked tokens of all samples of the rollout
  double tokens = 0;                     // sum over samples of max(1, unmasked tokens)
  Dim global_batch_size = 1;             // rollouts
};
// Masks of all samples of the step; rollout_ids[i] of sample i. global_batch_size is the flag's: a
// step that holds fewer rollouts divides by it all the same.
StepTotals step_totals(std::span<const std::span<const int64_t>> loss_masks,
                       std::span<const Dim> rollout_ids, Dim global_batch_size);

// What the sum over a whole step is divided by: the batch size, or the tokens.
double step_divisor(const StepTotals& totals, Reduction reduction);

// [response] of one sample: mask / max(rollout tokens, 1) / batch size, or mask / tokens. A fully
// masked sample weighs nothing and still counts in the divisor.
std::vector<float> token_weights(std::span<const int64_t> loss_mask, Dim rollout_id,
                                 const StepTotals& totals, Reduction reduction);

}  // namespace lapidary::rl
