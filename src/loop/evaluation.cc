#include "loop/evaluation.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "loop/trajectory_record.h"

namespace lapidary::loop {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kRewardWaitSeconds = 0.05;

// Sets do not share their random numbers.
uint64_t seed_of(uint64_t seed, const std::string& name) {
  uint64_t hash = 0xCBF29CE484222325U ^ seed;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return hash;
}

double accuracy_of(const rl::Trajectory& trajectory, double score) {
  if (trajectory.status == rl::Status::kFailed) return 0.0;
  const Json& reward = trajectory.reward;
  if (reward.is_object() && reward.contains("acc")) return rl::reward_value(reward, "acc");
  return score == 1.0 ? 1.0 : 0.0;
}

}  // namespace

rl::NamedValues EvaluationResult::metrics() const {
  const std::string prefix = "eval/" + name;
  rl::NamedValues out;
  out.emplace_back(prefix, score);
  out.emplace_back(prefix + "/acc", accuracy);
  out.emplace_back(prefix + "-truncated_ratio", truncated_ratio);
  out.emplace_back(prefix + "/response_len/mean", response_len.mean);
  out.emplace_back(prefix + "/response_len/median", response_len.median);
  out.emplace_back(prefix + "/response_len/max", response_len.max);
  out.emplace_back(prefix + "/response_len/min", response_len.min);
  for (const auto& [rate, value] : pass_rates) out.emplace_back(cat(prefix, "-", rate), value);
  if (num_failed > 0) out.emplace_back(prefix + "/failed", static_cast<double>(num_failed));
  out.emplace_back("perf/eval_time/" + name, seconds);
  return out;
}

Json EvaluationResult::to_json() const {
  Json out = {{"score", score}, {"acc", accuracy}};
  for (const auto& [rate, value] : pass_rates) out[rate] = value;
  if (pass_rates.empty()) out["pass@1"] = accuracy;
  out["num"] = num_prompts;
  out["num_answers"] = num_answers;
  out["num_failed"] = num_failed;
  out["truncated_ratio"] = truncated_ratio;
  out["response_len"] = response_len.mean;
  out["seconds"] = seconds;
  return out;
}

Evaluator::Evaluator(rollout::Engine& engine, const Environment& environment, ToolRunner* tools,
                     RewardFunction& rewards, EvaluationOptions options)
    : engine_(engine),
      environment_(environment),
      tools_(tools),
      rewards_(rewards),
      options_(std::move(options)) {}

std::vector<EndedTrajectory> Evaluator::answer(const EvaluationSet& set,
                                               const observe::ProgressOptions& progress_options) {
  WorkerOptions worker_options = options_.worker;
  worker_options.sampling.seed = seed_of(worker_options.sampling.seed, set.name);
  RolloutWorker worker(engine_, environment_, tools_, std::move(worker_options));
  RewardDesk desk(rewards_, environment_, options_.rewards);
  const Dim samples = options_.samples_per_prompt;
  observe::Progress progress("Eval " + set.name, set.prompts.size() * samples, "answers",
                             progress_options);
  for (Dim prompt = 0; prompt < set.prompts.size(); ++prompt) {
    const auto row = static_cast<size_t>(prompt);
    GroupTask task{prompt, set.prompts.tokens[row], {}, &set.prompts.prompts[row]};
    for (Dim i = 0; i < samples; ++i) task.members.push_back({prompt * samples + i, {}});
    worker.start(task);
  }
  std::vector<EndedTrajectory> out;
  while (!worker.is_idle() || desk.num_waiting() > 0) {
    for (EndedTrajectory& ended : worker.step()) {
      const auto prompt = static_cast<size_t>(ended.trajectory.group_id);
      desk.submit(std::move(ended), set.prompts.prompts[prompt]);
    }
    if (worker.is_idle() && desk.num_waiting() > 0) desk.wait(kRewardWaitSeconds);
    std::vector<EndedTrajectory> scored = desk.take();
    if (scored.empty()) {
      progress.idle([&worker] { return worker.slowest(); });
      continue;
    }
    progress.add(static_cast<int64_t>(scored.size()),
                 cat(worker.num_generated_tokens(), " tokens"));
    std::move(scored.begin(), scored.end(), std::back_inserter(out));
  }
  progress.finish();
  std::sort(out.begin(), out.end(), [](const EndedTrajectory& a, const EndedTrajectory& b) {
    return a.trajectory.sample_id < b.trajectory.sample_id;
  });
  return out;
}

EvaluationResult Evaluator::run(const EvaluationSet& set, int64_t number,
                                const observe::ProgressOptions& progress) {
  const Clock::time_point begin = Clock::now();
  const std::vector<EndedTrajectory> ended = answer(set, progress);
  EvaluationResult out;
  out.name = set.name;
  out.num_prompts = set.prompts.size();
  out.num_answers = static_cast<Dim>(ended.size());
  std::vector<double> accuracies;
  std::vector<double> lengths;
  std::vector<Dim> groups;
  for (const EndedTrajectory& each : ended) {
    const rl::Trajectory& trajectory = each.trajectory;
    const double score = rl::reward_value(trajectory.reward, options_.rewards.reward_key);
    out.score += score;
    out.truncated_ratio += trajectory.status == rl::Status::kTruncated ? 1.0 : 0.0;
    out.num_failed += trajectory.status == rl::Status::kFailed ? 1 : 0;
    accuracies.push_back(accuracy_of(trajectory, score));
    out.accuracy += accuracies.back();
    groups.push_back(trajectory.group_id);
    double length = 0;
    for (const int64_t mask : trajectory.loss_mask()) length += static_cast<double>(mask);
    lengths.push_back(length);
    const auto prompt = static_cast<size_t>(trajectory.group_id);
    const Dim index = trajectory.sample_id % options_.samples_per_prompt;
    out.records.push_back(trajectory_record(
        {number, index, set.prompts.prompts[prompt], trajectory, each.script, nullptr, score},
        environment_));
  }
  const auto count = static_cast<double>(ended.size());
  out.score /= count;
  out.accuracy /= count;
  out.truncated_ratio /= count;
  out.response_len = rl::statistics(lengths);
  out.pass_rates = rl::pass_rates(accuracies, groups, options_.samples_per_prompt);
  out.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return out;
}

}  // namespace lapidary::loop
