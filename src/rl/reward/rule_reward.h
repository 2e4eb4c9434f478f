// The rewards that --rm-type names, by rule alone.
//
// Worked example. rule_reward({.type = "math", .response = "so \boxed{10}", .label = "10"}) is 1;
// with .type = "dapo" and .response = "Answer: 10" it is {"score": 1, "acc": true, "pred": "10"}.
#pragma once

#include <string>

#include "base/json.h"

namespace lapidary::rl {

struct RewardRequest {
  std::string type;  // --rm-type; "boxed_" in front looks into the last box only
  std::string response;
  Json label;                      // text, number or null
  Json metadata = Json::object();  // its "rm_type" goes before type
  uint64_t seed = 0;               // of random: same seed, same reward
};

// A number or an object (see reward_value). What does not fit the type of reward (no label, a label
// that is no number) is wrong, never an error. Throws Error{kInvalidArgument} for no type or an
// unknown one, naming those there are; "remote_rm" is not a rule.
Json rule_reward(const RewardRequest& request);

// The type that counts, without spaces around it.
std::string reward_type(const RewardRequest& request);

}  // namespace lapidary::rl
