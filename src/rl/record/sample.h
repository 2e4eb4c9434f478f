// One training sequence: prompt and response as tokens, with what the loss needs of each response
// token. Response tokens are the last response_length of tokens. The log-prob of response token t
// is read at the row of the token before it.
//
// Worked example. Prompt {2, 7}, response {40, 50, 60} of which 50 came from a tool:
//   Sample{.tokens = {2, 7, 40, 50, 60}, .response_length = 3, .loss_mask = {1, 0, 1},
//          .rollout_log_probs = {-0.5, 0, -0.3}, .old_log_probs = {-0.5, -2.1, -0.3},
//          .advantages = {0.7, 0.7, 0.7}, .reward = 1, .rollout_id = 9, .group_id = 4}
#pragma once

#include <cstdint>
#include <vector>

#include "base/dim.h"

namespace lapidary::rl {

struct Sample {
  std::vector<int64_t> tokens;  // prompt, then response
  Dim response_length = 0;
  std::vector<int64_t> loss_mask;        // [response_length]
  std::vector<float> rollout_log_probs;  // [response_length] of the engine; or empty
  std::vector<float> old_log_probs;      // [response_length] of the trainer; or empty
  std::vector<float> ref_log_probs;      // [response_length]; or empty
  std::vector<float> advantages;         // [response_length]
  double reward = 0.0;
  // Samples that came of one trajectory share its id: one denominator in the loss.
  Dim rollout_id = 0;
  Dim group_id = 0;
  int64_t oldest_weight_version = 0;

  Dim total_length() const { return static_cast<Dim>(tokens.size()); }
};

}  // namespace lapidary::rl
