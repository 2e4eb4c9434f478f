#include "loop/sample_making.h"

#include <algorithm>

#include "base/check.h"

namespace lapidary::loop {
namespace {

struct VersionRange {
  int64_t oldest = 0;
  std::vector<int64_t> of_tokens;  // [response]; environment tokens have the newest
};

VersionRange weight_versions(const rl::Trajectory& trajectory) {
  constexpr int64_t kNewest = std::numeric_limits<int64_t>::max();
  VersionRange out{kNewest, {}};
  for (const rl::Turn& turn : trajectory.turns) {
    for (size_t i = 0; i < turn.tokens.size(); ++i) {
      const bool is_known = i < turn.weight_versions.size();
      out.of_tokens.push_back(is_known ? turn.weight_versions[i] : kNewest);
      out.oldest = std::min(out.oldest, out.of_tokens.back());
    }
  }
  if (out.oldest == kNewest) out.oldest = 0;
  return out;
}

rl::Sample make_sample(const rl::Trajectory& trajectory, const SampleOptions& options) {
  rl::Sample sample;
  sample.tokens = trajectory.prompt_tokens;
  const std::vector<int64_t> response = trajectory.response_tokens();
  sample.tokens.insert(sample.tokens.end(), response.begin(), response.end());
  sample.response_length = static_cast<Dim>(response.size());
  sample.loss_mask = trajectory.loss_mask();
  sample.rollout_log_probs = trajectory.response_log_probs();
  sample.reward = rl::reward_value(trajectory.reward, options.reward_key);
  sample.rollout_id = trajectory.sample_id;
  sample.group_id = trajectory.group_id;
  const VersionRange versions = weight_versions(trajectory);
  sample.oldest_weight_version = versions.oldest;
  for (size_t i = 0; i < sample.loss_mask.size(); ++i) {
    const bool is_too_old =
        options.oldest_trained_version && versions.of_tokens[i] < *options.oldest_trained_version;
    if (is_too_old || trajectory.status == rl::Status::kFailed) sample.loss_mask[i] = 0;
  }
  return sample;
}

// Prompt tokens of all requests of a trajectory, and those of them that were in the cache: the
// prompt of every member of a group but the first, and what came before the last tool's output.
void count_prompt_tokens(const rl::Trajectory& trajectory, bool is_first,
                         rl::AnswerFigures& figures) {
  auto before = static_cast<Dim>(trajectory.prompt_tokens.size());
  Dim cached = is_first ? 0 : before;
  for (const rl::Turn& turn : trajectory.turns) {
    const auto count = static_cast<Dim>(turn.tokens.size());
    if (turn.author == rl::Author::kModel) {
      figures.prompt_tokens += before;
      figures.cached_tokens += cached;
      cached = before + count;
    }
    before += count;
  }
}

rl::AnswerFigures answer_figures(const rl::Trajectory& trajectory, bool is_first) {
  rl::AnswerFigures figures;
  figures.group_id = trajectory.group_id;
  figures.response_tokens = trajectory.response_length();
  for (const int64_t mask : trajectory.loss_mask()) figures.effective_tokens += mask;
  figures.reward = trajectory.reward;
  figures.is_truncated = trajectory.status == rl::Status::kTruncated;
  figures.text = trajectory.response_text();
  figures.tool_seconds = trajectory.tool_seconds;
  count_prompt_tokens(trajectory, is_first, figures);
  return figures;
}

struct ToolCounts {
  double calls = 0;
  double errors = 0;
  double timeouts = 0;
  double seconds = 0;
};

ToolCounts count_tools(const Collection& collection) {
  ToolCounts counts;
  for (const CollectedGroup& group : collection.groups) {
    for (const TrajectoryScript& script : group.scripts) {
      for (const TrajectoryScript::Event& event : script.events) {
        const auto* outputs = std::get_if<std::vector<ToolOutput>>(&event);
        if (outputs == nullptr) continue;
        for (const ToolOutput& output : *outputs) {
          counts.calls += 1;
          counts.errors += output.status == "ok" ? 0 : 1;
          counts.timeouts += output.status == "timeout" ? 1 : 0;
          counts.seconds += output.seconds;
        }
      }
    }
  }
  return counts;
}

void append_tools(rl::NamedValues& out, const Collection& collection) {
  const ToolCounts counts = count_tools(collection);
  if (counts.calls == 0) return;
  out.emplace_back("tool/calls", counts.calls);
  out.emplace_back("tool/errors", counts.errors);
  out.emplace_back("tool/timeout", counts.timeouts);
  out.emplace_back("perf/tool_latency", counts.seconds / counts.calls);
}

void append_turns(rl::NamedValues& out, const std::vector<const rl::Trajectory*>& trajectories) {
  std::vector<double> turns;
  std::vector<double> tool_calls;
  for (const rl::Trajectory* each : trajectories) {
    turns.push_back(static_cast<double>(
        std::count_if(each->turns.begin(), each->turns.end(),
                      [](const rl::Turn& turn) { return turn.author == rl::Author::kModel; })));
    tool_calls.push_back(static_cast<double>(each->tool_calls));
  }
  rl::append_statistics(out, "multi_turn/num_turns", turns);
  rl::append_statistics(out, "multi_turn/tool_calls", tool_calls);
}

}  // namespace

std::vector<rl::Sample> make_samples(const Collection& collection, const SampleOptions& options) {
  std::vector<rl::Sample> out;
  for (const CollectedGroup& group : collection.groups) {
    for (const rl::Trajectory& each : group.group.members) {
      out.push_back(make_sample(each, options));
    }
  }
  return out;
}

rl::NamedValues rollout_figures(const Collection& collection, const FiguresOptions& options) {
  std::vector<rl::AnswerFigures> answers;
  std::vector<const rl::Trajectory*> trajectories;
  std::vector<double> rewards;
  std::vector<Dim> group_ids;
  double failed = 0;
  for (const CollectedGroup& group : collection.groups) {
    for (const rl::Trajectory& each : group.group.members) {
      answers.push_back(answer_figures(each, &each == &group.group.members.front()));
      trajectories.push_back(&each);
      rewards.push_back(rl::reward_value(each.reward, options.reward_key));
      group_ids.push_back(each.group_id);
      failed += each.status == rl::Status::kFailed ? 1 : 0;
    }
  }
  rl::RolloutFigures figures;
  figures.reward_key = options.reward_key;
  figures.seconds = std::max(collection.seconds, 1e-9);
  figures.num_devices = 1;
  rl::NamedValues out = rl::rollout_metrics(answers, figures);
  double reward = 0;
  for (const double each : rewards) reward += each;
  out.emplace_back("rollout/raw_reward", reward / static_cast<double>(rewards.size()));
  for (const auto& [reason, count] : collection.dropped) {
    out.emplace_back("rollout/dynamic_filter/drop_" + reason, static_cast<double>(count));
  }
  if (failed > 0) out.emplace_back("rollout/error_cat/reward", failed);
  append_tools(out, collection);
  if (options.has_turns) append_turns(out, trajectories);
  if (options.has_pass_rates) {
    for (auto& [name, value] : rl::pass_rates(rewards, group_ids, options.samples_per_group)) {
      out.emplace_back("passrate/" + name, value);
    }
  }
  return out;
}

}  // namespace lapidary::loop
