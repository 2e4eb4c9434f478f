// How an answer is scored. Rewards may take their time (a server, the user's Python): they come
// back on a thread of others.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/json.h"
#include "rl/record/prompt.h"
#include "rl/record/trajectory.h"

namespace lapidary::loop {

// What a reward may look at. The references hold during the call of score() only.
struct RewardCase {
  const rl::Prompt& prompt;
  const rl::Trajectory& trajectory;
  const std::string& response;  // all turns as text
  uint64_t seed = 0;            // of rewards that draw numbers
};

struct RewardOutcome {
  Json reward;        // a number or an object
  std::string error;  // not empty: there is no reward
};

class RewardFunction {
 public:
  // Called once for each case, on any thread, perhaps at once on the caller's.
  using Done = std::function<void(RewardOutcome)>;
  virtual ~RewardFunction() = default;
  virtual void score(const RewardCase& scored, Done done) = 0;
};

// --rm-type, by rule.
class RuleReward final : public RewardFunction {
 public:
  explicit RuleReward(std::string type) : type_(std::move(type)) {}
  void score(const RewardCase& scored, Done done) override;

 private:
  std::string type_;
};

// generate_with_retool.reward_func.
class RetoolReward final : public RewardFunction {
 public:
  void score(const RewardCase& scored, Done done) override;
};

}  // namespace lapidary::loop
