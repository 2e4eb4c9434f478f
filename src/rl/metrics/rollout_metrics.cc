#include "rl/metrics/rollout_metrics.h"

#include <algorithm>
#include <map>

#include "base/check.h"
#include "rl/advantage/dynamic_filter.h"
#include "rl/record/trajectory.h"

namespace lapidary::rl {

namespace {

// rollout/zero_std/count_R: groups of equal rewards by their reward, in the order of first sight.
void append_zero_std(NamedValues& out, std::span<const AnswerFigures> answers,
                     const std::string& reward_key) {
  std::vector<Dim> order;
  std::map<Dim, std::vector<const AnswerFigures*>> groups;
  for (const AnswerFigures& answer : answers) {
    auto& members = groups[answer.group_id];
    if (members.empty()) {
      order.push_back(answer.group_id);
    }
    members.push_back(&answer);
  }
  NamedValues counts;
  for (const Dim id : order) {
    const auto& members = groups[id];
    const double first = reward_value(members[0]->reward, reward_key);
    const bool are_equal = std::all_of(members.begin(), members.end(), [&](const auto* member) {
      return reward_value(member->reward, reward_key) == first;
    });
    if (!are_equal) {
      continue;
    }
    const std::string name =
        "rollout/zero_std/count_" + rounded_reward(reward_field(members[0]->reward, reward_key));
    const auto known = std::find_if(counts.begin(), counts.end(),
                                    [&name](const auto& count) { return count.first == name; });
    if (known == counts.end()) {
      counts.emplace_back(name, 1.0);
    } else {
      known->second += 1.0;
    }
  }
  out.insert(out.end(), counts.begin(), counts.end());
}

// Rates over all tokens or over the model's own (`key` "effective_").
void append_rates(NamedValues& out, std::span<const AnswerFigures> answers,
                  std::span<const double> tokens, const RolloutFigures& figures,
                  const std::string& key, bool has_tools) {
  double sum = 0;
  for (const double count : tokens) {
    sum += count;
  }
  const double longest = *std::max_element(tokens.begin(), tokens.end());
  if (figures.num_devices > 0) {
    out.emplace_back(cat("perf/", key, "tokens_per_gpu_per_sec"),
                     sum / figures.seconds / static_cast<double>(figures.num_devices));
  }
  const std::string prefix = cat("perf/longest_", key, "sample_");
  out.emplace_back(prefix + "tokens_per_sec", longest / figures.seconds);
  if (!has_tools) {
    return;
  }
  double tool_seconds = 0;
  double ties = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] == longest) {
      tool_seconds += answers[i].tool_seconds;
      ++ties;
    }
  }
  tool_seconds /= ties;
  out.emplace_back(prefix + "non_generation_time", tool_seconds);
  out.emplace_back(prefix + "tokens_per_sec_without_non_generation",
                   longest / (figures.seconds - tool_seconds));
}

}  // namespace

NamedValues rollout_metrics(std::span<const AnswerFigures> answers, const RolloutFigures& figures) {
  LAPIDARY_CHECK(!answers.empty(), "a rollout without answers");
  const auto count = static_cast<double>(answers.size());
  std::vector<double> all_tokens;
  std::vector<double> effective_tokens;
  std::vector<double> tool_seconds;
  double cached = 0;
  double prompted = 0;
  double repetitive = 0;
  double truncated = 0;
  for (const AnswerFigures& answer : answers) {
    all_tokens.push_back(static_cast<double>(answer.response_tokens));
    effective_tokens.push_back(static_cast<double>(answer.effective_tokens));
    tool_seconds.push_back(answer.tool_seconds);
    cached += static_cast<double>(answer.cached_tokens);
    prompted += static_cast<double>(answer.prompt_tokens);
    repetitive += is_repetitive(answer.text) ? 1 : 0;
    truncated += answer.is_truncated ? 1 : 0;
  }
  NamedValues out;
  append_statistics(out, "rollout/response_len", effective_tokens);
  append_zero_std(out, answers, figures.reward_key);
  out.emplace_back("rollout/prefix_cache_hit_rate", prompted > 0 ? cached / prompted : 0.0);
  out.emplace_back("rollout/avg_cached_tokens_per_sample", cached / count);
  out.emplace_back("rollout/repetition_frac", repetitive / count);
  out.emplace_back("rollout/truncated_ratio", truncated / count);
  out.emplace_back("perf/rollout_time", figures.seconds);
  const bool has_tools = *std::max_element(tool_seconds.begin(), tool_seconds.end()) > 0;
  if (has_tools) {
    append_statistics(out, "perf/non_generation_time", tool_seconds);
  }
  append_rates(out, answers, all_tokens, figures, "", has_tools);
  append_rates(out, answers, effective_tokens, figures, "effective_", has_tools);
  return out;
}

double rollout_token_mean(const TokenField& field,
                          std::span<const std::span<const int64_t>> loss_masks,
                          std::span<const Dim> rollout_ids, Dim num_rollouts) {
  LAPIDARY_CHECK(field.values.size() == loss_masks.size() &&
                     rollout_ids.size() == loss_masks.size() && num_rollouts > 0,
                 field.name, ": ", field.values.size(), " samples, ", loss_masks.size(), " masks, ",
                 rollout_ids.size(), " rollout ids, ", num_rollouts, " rollouts");
  std::map<Dim, double> tokens;
  for (size_t i = 0; i < loss_masks.size(); ++i) {
    for (const int64_t mask : loss_masks[i]) {
      tokens[rollout_ids[i]] += mask != 0 ? 1.0 : 0.0;
    }
  }
  double sum = 0;
  for (size_t i = 0; i < loss_masks.size(); ++i) {
    LAPIDARY_CHECK(field.values[i].size() == loss_masks[i].size(), field.name, " of sample ", i,
                   " has ", field.values[i].size(), " values for ", loss_masks[i].size(),
                   " tokens");
    for (size_t t = 0; t < loss_masks[i].size(); ++t) {
      if (loss_masks[i][t] != 0) {
        sum += field.values[i][t] / std::max(tokens[rollout_ids[i]], 1.0);
      }
    }
  }
  return sum / static_cast<double>(num_rollouts);
}

double plain_token_mean(const TokenField& field) {
  double sum = 0;
  double count = 0;
  for (const std::span<const double>& sample : field.values) {
    for (const double value : sample) {
      sum += value;
      ++count;
    }
  }
  return count > 0 ? sum / count : 0.0;
}

}  // namespace lapidary::rl
