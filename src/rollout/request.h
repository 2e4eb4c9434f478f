// What is asked of the engine and what it gives back.
//
// Worked example. A prompt of three tokens, at most four new ones, stop id 1:
//   Request{.prompt_ids = {2, 40, 41}, .max_new_tokens = 4, .stop_ids = {1}}
// may give
//   Answer{.request = 7, .output_ids = {50, 51, 1}, .log_probs = {-0.2, -1.5, -0.1},
//          .weight_versions = {0, 0, 0}, .finish_reason = FinishReason::kStop}
// The stop id is part of the output and has its log-probability like any other token.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/dim.h"

namespace lapidary::rollout {

// Counts from 1 in the order of submission; never used again.
using RequestId = uint64_t;

struct SamplingOptions {
  double temperature = 1.0;  // 0: greedy, the lowest id among equals
  double top_p = 1.0;        // keep the most probable tokens until their mass reaches this; 1: all
  Dim top_k = 0;             // keep that many; 0 or negative: all. Applied before top_p
  uint64_t seed = 0;
  std::vector<int64_t> suppressed_ids = {};  // never given out
};

// Throws Error{kInvalidArgument} naming the option, its value and what is allowed.
void validate(const SamplingOptions& options, Dim vocab_size);

struct Request {
  std::vector<int64_t> prompt_ids;
  SamplingOptions sampling;
  Dim max_new_tokens = 0;
  std::vector<int64_t> stop_ids;
  // Above 0: after its answer the sequence stays in the cache, with room for this many tokens in
  // all, until Engine::extend gives it more tokens or Engine::close drops it (turns of a
  // conversation).
  Dim keep_open_tokens = 0;
};

enum class FinishReason {
  kStop,    // a stop id, or finish(kStop) from outside (a stop string)
  kLength,  // max_new_tokens, the model's positions or the room in the cache
  kAbort,   // cancelled
};
std::string_view to_string(FinishReason reason);  // "stop", "length", "abort"

struct Answer {
  RequestId request = 0;
  std::vector<int64_t> output_ids;
  std::vector<float> log_probs;          // [output_ids]; sampler.h says of which distribution
  std::vector<int64_t> weight_versions;  // [output_ids]: the weights that made each token
  FinishReason finish_reason = FinishReason::kAbort;
};

// One new token, in the order in which they are made.
struct TokenEvent {
  RequestId request = 0;
  int64_t token = 0;
  float log_prob = 0.0F;
};

}  // namespace lapidary::rollout
