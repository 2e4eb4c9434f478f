// The head: linear, soft cap, log-probabilities. The one definition of a log-prob (design 3): fp32
// logits after the soft cap, divided by the temperature, minus logsumexp over the vocabulary.
#pragma once

#include <ATen/core/Tensor.h>

#include "base/dim.h"

namespace lapidary::ops {

struct HeadOptions {
  double softcap = 0.0;      // 0: none
  double temperature = 1.0;  // divides the capped logits
  // fp32 logits that exist at a time; forward and backward hold a handful of buffers of this size.
  Dim chunk_bytes = Dim{128} << 20;
};

// hidden [tokens, hidden], table [vocabulary, hidden] -> fp32 [tokens, vocabulary] after the soft
// cap (no temperature). The product is rounded to the dtype of hidden before the cap is taken in
// fp32. Differentiable.
at::Tensor head_logits(const at::Tensor& hidden, const at::Tensor& table, double softcap);

struct TokenLogProbs {
  at::Tensor log_prob;  // [tokens] fp32, of `targets`
  at::Tensor entropy;   // [tokens] fp32, nats; of the same distribution
};

// targets [tokens] int64. Works in chunks of tokens: never holds the logits of more than one chunk,
// in forward or backward; between them, too, when one chunk is all (the CPU kernels keep it).
// Differentiable in hidden and table, through log_prob and entropy.
TokenLogProbs token_log_probs(const at::Tensor& hidden, const at::Tensor& table,
                              const at::Tensor& targets, const HeadOptions& options);

}  // namespace lapidary::ops
