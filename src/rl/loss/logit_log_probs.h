// Log-probabilities and entropy from logits that are there in full: the plain form of the fused
// head's definition, and the one that knows a restricted support (nucleus sampling).
//
// Worked example. Logits {0, ln 3}, temperature 1, target 1: log-prob ln 0.75. With the support
// {1}: log-prob 0; the entropy stays that of {0.25, 0.75}.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "base/dim.h"

namespace lapidary::rl {

struct LogitOptions {
  double temperature = 1.0;  // divides the capped logits; --rollout-temperature
  double softcap = 0.0;      // c tanh(z / c) first; 0: none
};

// The ids that sampling kept for each row, row after row: ids[offsets[r]] to ids[offsets[r + 1]].
struct KeptIds {
  std::span<const int64_t> ids;
  std::span<const int64_t> offsets;  // [rows + 1]
};

struct LogitLogProbs {
  at::Tensor log_prob;  // [rows] fp32 of the targets
  at::Tensor entropy;   // [rows] fp32, nats, over the whole vocabulary
};

// logits [rows, vocabulary]; targets [rows] int64. With `kept`, a row is normalised over its kept
// ids and its target; a row that keeps nothing (a token that was not sampled) has log-prob 0.
// Differentiable in logits.
LogitLogProbs logit_log_probs(const at::Tensor& logits, const at::Tensor& targets,
                              const LogitOptions& options, const KeptIds* kept = nullptr);

}  // namespace lapidary::rl
