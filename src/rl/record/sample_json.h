// A trajectory as the object that the user's own Python gets, under the names of slime's Sample.
//
// Worked example. The trajectory of trajectory.h as JSON:
//   {"index": 9, "group_index": 4, "prompt": "What is 2+3?", "tokens": [2, 7, 40, 41, 50, 60, 1],
//    "response": "..", "response_length": 5, "label": "5", "reward": null,
//    "loss_mask": [1, 1, 0, 1, 1], "rollout_log_probs": [-0.5, -0.5, 0.0, -0.5, -0.5],
//    "status": "completed", "metadata": {}, "tool_call_count": 1, "non_generation_time": 0.2}
#pragma once

#include <string>

#include "rl/record/prompt.h"
#include "rl/record/trajectory.h"

namespace lapidary::rl {

// `response` is what rewards read: all turns as text, perhaps without special tokens.
Json sample_json(const Trajectory& trajectory, const Prompt& prompt, const std::string& response);

}  // namespace lapidary::rl
