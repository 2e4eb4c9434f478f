#include "loop/advantages.h"

#include <set>
#include <span>
#include <string>

#include "rl/metrics/rollout_metrics.h"

namespace lapidary::loop {

namespace {

using Rows = std::vector<std::vector<double>>;

double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return values.empty() ? 0.0 : sum / static_cast<double>(values.size());
}

rl::TokenField field(const std::string& name, const Rows& rows) {
  rl::TokenField out{.name = name, .values = {}};
  for (const std::vector<double>& row : rows) out.values.emplace_back(row);
  return out;
}

Rows as_doubles(const std::vector<rl::Sample>& samples, std::vector<float> rl::Sample::*list) {
  Rows out;
  for (const rl::Sample& sample : samples)
    out.emplace_back((sample.*list).begin(), (sample.*list).end());
  return out;
}

// Whether every sample with a response has the values.
bool has_values(const std::vector<rl::Sample>& samples, std::vector<float> rl::Sample::*list) {
  for (const rl::Sample& sample : samples) {
    if (static_cast<Dim>((sample.*list).size()) != sample.response_length) return false;
  }
  return true;
}

// The samples of a rollout, and means over them.
class Figures {
 public:
  explicit Figures(const std::vector<rl::Sample>& samples) {
    for (const rl::Sample& sample : samples) {
      masks_.emplace_back(sample.loss_mask);
      rollout_ids_.push_back(sample.rollout_id);
    }
    const std::set<Dim> different(rollout_ids_.begin(), rollout_ids_.end());
    num_rollouts_ = static_cast<Dim>(different.size());
  }
  double token_mean(const std::string& name, const Rows& rows) const {
    return rl::rollout_token_mean(field(name, rows), masks_, rollout_ids_, num_rollouts_);
  }
  const std::vector<std::span<const int64_t>>& masks() const { return masks_; }

 private:
  std::vector<std::span<const int64_t>> masks_;
  std::vector<Dim> rollout_ids_;
  Dim num_rollouts_ = 0;
};

}  // namespace

rl::NamedValues set_advantages(std::vector<rl::Sample>& samples,
                               const AdvantageSettings& settings) {
  std::vector<double> raw, lengths, response_lengths;
  std::vector<Dim> groups;
  for (const rl::Sample& sample : samples) {
    raw.push_back(sample.reward);
    groups.push_back(sample.group_id);
    lengths.push_back(static_cast<double>(sample.total_length()));
    response_lengths.push_back(static_cast<double>(sample.response_length));
  }
  const std::vector<double> rewards = rl::group_rewards(raw, groups, settings.group_rewards);
  Rows advantages, returns, kl;
  for (size_t i = 0; i < samples.size(); ++i) {
    const rl::Sample& sample = samples[i];
    const std::vector<float>& old =
        settings.uses_rollout_log_probs ? sample.rollout_log_probs : sample.old_log_probs;
    rl::TokenAdvantages found = rl::token_advantages({.reward = rewards[i],
                                                      .loss_mask = sample.loss_mask,
                                                      .old_log_probs = old,
                                                      .ref_log_probs = sample.ref_log_probs,
                                                      .teacher_log_probs = {},
                                                      .values = {}},
                                                     settings.advantages);
    advantages.push_back(std::move(found.advantages));
    returns.push_back(std::move(found.returns));
    kl.push_back(std::move(found.kl));
  }
  const Figures figures(samples);
  if (settings.is_whitened) rl::whiten(advantages, figures.masks());
  for (size_t i = 0; i < samples.size(); ++i)
    samples[i].advantages.assign(advantages[i].begin(), advantages[i].end());

  rl::NamedValues out{{"rollout/raw_reward", mean(raw)},
                      {"rollout/rewards", mean(rewards)},
                      {"rollout/response_lengths", mean(response_lengths)},
                      {"rollout/total_lengths", mean(lengths)},
                      {"rollout/advantages", figures.token_mean("advantages", advantages)},
                      {"rollout/returns", figures.token_mean("returns", returns)},
                      {"rollout/kl", rl::plain_token_mean(field("kl", kl))}};
  const std::pair<const char*, std::vector<float> rl::Sample::*> known[] = {
      {"log_probs", &rl::Sample::old_log_probs},
      {"ref_log_probs", &rl::Sample::ref_log_probs},
      {"rollout_log_probs", &rl::Sample::rollout_log_probs}};
  for (const auto& [name, list] : known) {
    if (has_values(samples, list))
      out.emplace_back(std::string("rollout/") + name,
                       figures.token_mean(name, as_doubles(samples, list)));
  }
  return out;
}

}  // namespace lapidary::loop
