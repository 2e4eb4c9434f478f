// One answer to a prompt: its turns, how it ended and what it earned.
//
// Worked example. Prompt of two tokens, a tool call, its result and the answer:
//   Trajectory{.sample_id = 9, .group_id = 4, .prompt_tokens = {2, 7},
//              .turns = {model {40, 41}, environment {50}, model {60, 1}},
//              .status = kCompleted, .tool_calls = 1, .reward = {"score": 1.0}}
// has response_tokens {40, 41, 50, 60, 1}, loss_mask {1, 1, 0, 1, 1} and, with log-probs -0.5 for
// each model token, response_log_probs {-0.5, -0.5, 0, -0.5, -0.5}.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/dim.h"
#include "base/json.h"
#include "rl/record/turn.h"

namespace lapidary::rl {

enum class Status {
  kPending,    // still running, or not started
  kCompleted,  // ended by the model or by the environment
  kTruncated,  // ended by a limit of tokens
  kAborted,    // cut off from outside; its group is asked again
  kFailed,     // a reward or an environment failed on it; error says how
};
std::string_view to_string(Status status);  // "completed"

struct Trajectory {
  Dim sample_id = 0;
  Dim group_id = 0;
  std::vector<int64_t> prompt_tokens;
  std::vector<Turn> turns;
  Status status = Status::kPending;
  Dim tool_calls = 0;
  Json reward;        // null until scored; a number, or an object of which --reward-key picks one
  std::string error;  // of kFailed
  double tool_seconds = 0.0;

  Dim response_length() const;
  std::vector<int64_t> response_tokens() const;
  std::vector<int64_t> loss_mask() const;         // [response_length] 1 model, 0 environment
  std::vector<float> response_log_probs() const;  // [response_length]
  std::string response_text() const;
};

// The number of a reward: itself, or its field `key`. Booleans count as 1 and 0. Throws
// Error{kInvalidArgument} that names the key and what is there.
double reward_value(const Json& reward, const std::string& key);
// The same value as JSON, with its type as the reward function gave it (1 is not 1.0).
const Json& reward_field(const Json& reward, const std::string& key);

}  // namespace lapidary::rl
