// Scores ended trajectories while others still run.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "loop/mailbox.h"
#include "loop/reward_function.h"
#include "loop/rollout_worker.h"

namespace lapidary::loop {

struct RewardDeskOptions {
  std::string reward_key;                // of rewards that are objects
  bool is_special_text_skipped = false;  // --rollout-skip-special-tokens
  uint64_t seed = 0;
};

class RewardDesk {
 public:
  // Both outlive the object.
  RewardDesk(RewardFunction& function, const Environment& environment, RewardDeskOptions options);

  void submit(EndedTrajectory ended, const rl::Prompt& prompt);
  // Those whose reward has come, with it: in the order of arrival. One that could not be scored has
  // the status kFailed, its error, and the reward 0 (under the key, where there is one).
  std::vector<EndedTrajectory> take();
  void wait(double seconds) { mail_->wait(seconds); }
  size_t num_waiting() const { return waiting_.size(); }
  // Gives up all that wait. -> them, without a reward.
  std::vector<EndedTrajectory> drop();

 private:
  struct Mail {
    int64_t ticket = 0;
    RewardOutcome outcome;
  };
  void settle(EndedTrajectory& ended, RewardOutcome outcome);

  RewardFunction& function_;
  const Environment& environment_;
  RewardDeskOptions options_;
  std::shared_ptr<Mailbox<Mail>> mail_;
  std::map<int64_t, EndedTrajectory> waiting_;
  int64_t next_ticket_ = 0;
  bool has_warned_ = false;
};

}  // namespace lapidary::loop
