#include "loop/reward_desk.h"

#include "base/check.h"
#include "base/log.h"

namespace lapidary::loop {

RewardDesk::RewardDesk(RewardFunction& function, const Environment& environment,
                       RewardDeskOptions options)
    : function_(function),
      environment_(environment),
      options_(std::move(options)),
      mail_(std::make_shared<Mailbox<Mail>>()) {}

void RewardDesk::submit(EndedTrajectory ended, const rl::Prompt& prompt) {
  const int64_t ticket = next_ticket_++;
  const EndedTrajectory& kept = waiting_.emplace(ticket, std::move(ended)).first->second;
  const rl::Trajectory& trajectory = kept.trajectory;
  if (trajectory.status == rl::Status::kFailed) {  // its environment could not go on
    mail_->post({ticket, {nullptr, trajectory.error}});
    return;
  }
  const std::string response =
      options_.is_special_text_skipped
          ? environment_.decode(trajectory.response_tokens(), tokenizer::SkipSpecial::kYes)
          : trajectory.response_text();
  const RewardCase scored{prompt, trajectory, response,
                          options_.seed + static_cast<uint64_t>(trajectory.sample_id)};
  function_.score(scored, [mail = mail_, ticket](RewardOutcome outcome) {
    mail->post({ticket, std::move(outcome)});
  });
}

void RewardDesk::settle(EndedTrajectory& ended, RewardOutcome outcome) {
  rl::Trajectory& trajectory = ended.trajectory;
  if (outcome.error.empty()) {
    try {
      rl::reward_value(outcome.reward, options_.reward_key);
    } catch (const Error& error) {
      outcome.error = error.what();
    }
  }
  if (outcome.error.empty()) {
    trajectory.reward = std::move(outcome.reward);
    return;
  }
  if (!std::exchange(has_warned_, true)) {
    log_warning(cat("trajectory ", trajectory.sample_id, " has no reward and is left out of the ",
                    "loss: ", outcome.error, " (further ones are counted only)"));
  }
  trajectory.status = rl::Status::kFailed;
  trajectory.error = std::move(outcome.error);
  trajectory.reward = options_.reward_key.empty() ? Json(0.0) : Json{{options_.reward_key, 0.0}};
}

std::vector<EndedTrajectory> RewardDesk::take() {
  std::vector<EndedTrajectory> out;
  for (Mail& each : mail_->take()) {
    const auto found = waiting_.find(each.ticket);
    if (found == waiting_.end()) continue;  // given up
    settle(found->second, std::move(each.outcome));
    out.push_back(std::move(found->second));
    waiting_.erase(found);
  }
  return out;
}

std::vector<EndedTrajectory> RewardDesk::drop() {
  std::vector<EndedTrajectory> out;
  for (auto& [ticket, ended] : waiting_) out.push_back(std::move(ended));
  waiting_.clear();
  return out;
}

}  // namespace lapidary::loop
