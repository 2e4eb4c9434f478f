// From a row of logits to a token. The log-probability is the one definition of the program: fp32
// logits after the soft cap, divided by the temperature, minus logsumexp; over the vocabulary, or
// over the kept tokens when top_k, top_p or suppressed ids restrict the choice. Greedy choice
// (temperature 0) has the log-probability of temperature 1.
//
// Randomness is counter-based: the token depends on (seed, stream, position) and the row alone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/dim.h"
#include "rollout/request.h"

namespace lapidary::rollout {

struct SampledToken {
  int64_t id = 0;
  float log_prob = 0.0F;
};

// `stream` tells requests apart under one seed; `position` is the place of the new token in its
// sequence. `scratch` is working space, grown as needed. Throws Error{kCorrupt} for a logit that is
// not finite, with its token.
SampledToken sample_token(std::span<const float> logits, const SamplingOptions& options,
                          uint64_t stream, Dim position, std::vector<float>& scratch);

}  // namespace lapidary::rollout
