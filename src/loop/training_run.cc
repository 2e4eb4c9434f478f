#include "loop/training_run.h"

#include <chrono>
#include <cstdio>

#include "base/check.h"
#include "base/log.h"
#include "loop/step_summary.h"
#include "loop/trajectory_record.h"

namespace lapidary::loop {
namespace {

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Several optimizer steps make one row: what they averaged, the last learning rate and count.
void append_steps(const std::vector<observe::MetricRow>& steps, observe::MetricRow& row) {
  if (steps.empty()) return;
  for (const auto& [name, last] : steps.back().values()) {
    if (name.starts_with("train/lr") || name == "train/skipped_steps") {
      row.set(name, last);
      continue;
    }
    double sum = 0;
    double count = 0;
    for (const observe::MetricRow& step : steps) {
      const std::optional<double> value = step.find(name);
      sum += value.value_or(0.0);
      count += value ? 1 : 0;
    }
    row.set(name, sum / count);
  }
  row.set("train/step", static_cast<double>(steps.back().step()));
}

void append(const rl::NamedValues& values, observe::MetricRow& row) {
  for (const auto& [name, value] : values) row.set(name, value);
}

}  // namespace

struct TrainingRun::Phases {
  StepTimes times;
  double begin = now_seconds();
};

TrainingRun::TrainingRun(TrainingRunParts parts, TrainingRunOptions options)
    : parts_(std::move(parts)), options_(std::move(options)) {}

Json TrainingRun::state() const {
  Json out = {{"version", 1},
              {"rollouts_done", num_done_},
              {"optimizer_steps", parts_.trainer != nullptr ? parts_.trainer->num_steps() : 0},
              {"prompts", parts_.prompt_source.save()},
              {"pending_groups", parts_.collector.save()},
              {"metric_rows", parts_.recorder.num_rows()},
              {"run_folder", parts_.recorder.folder()}};
  if (evaluated_) out["evaluated"] = *evaluated_;
  if (best_iteration_) out["best"] = {{"iteration", *best_iteration_}, {"score", best_score_}};
  return out;
}

void TrainingRun::restore(const Json& state, const std::string& what) {
  const JsonObject object(state, what);
  num_done_ = object.get_int("rollouts_done");
  parts_.prompt_source.restore(object.at("prompts"));
  parts_.collector.restore(object.at("pending_groups"), what);
  if (object.has("best")) {
    best_iteration_ = object.get_object("best").get_int("iteration");
    best_score_ = object.get_object("best").get_double("score");
  }
  if (object.has("evaluated")) evaluated_ = object.get_int("evaluated");
  saved_ = num_done_;
}

bool TrainingRun::is_evaluation_due() const {
  if (parts_.evaluator == nullptr || options_.eval_interval == 0 || evaluated_ == num_done_) {
    return false;
  }
  if (num_done_ == 0) return options_.evaluates_first;
  return num_done_ % options_.eval_interval == 0 || num_done_ == options_.num_rollouts;
}

void TrainingRun::run(const std::function<bool()>& is_interrupted) {
  // Also of a run that was interrupted before its evaluation.
  if (is_evaluation_due()) evaluate();
  bool was_interrupted = is_interrupted();
  while (num_done_ < options_.num_rollouts && !was_interrupted) {
    step();
    was_interrupted = is_interrupted();
    if (!was_interrupted && is_evaluation_due()) {
      evaluate();
      was_interrupted = is_interrupted();
    }
    const bool is_due = options_.save_interval > 0 && num_done_ % options_.save_interval == 0;
    if (is_due || num_done_ == options_.num_rollouts || was_interrupted) save();
  }
  if (was_interrupted && num_done_ < options_.num_rollouts) {
    log_info(cat("interrupted after rollout ", num_done_ - 1,
                 parts_.checkpoints != nullptr ? "; --load with the --save folder goes on from here"
                                               : "; nothing was saved (no --save)"));
  }
  parts_.recorder.finish();
}

void TrainingRun::step() {
  Phases phases;
  observe::MetricRow row(num_done_);
  parts_.engine.set_weight_version(num_done_);
  observe::Progress progress("Rollout generation",
                             static_cast<int64_t>(parts_.collector.num_wanted()), "trajectories",
                             parts_.progress);
  const Collection collection = parts_.collector.collect(progress);
  progress.finish();
  phases.times.rollout = now_seconds() - phases.begin;
  parts_.recorder.trace().add("engine", cat("rollout ", num_done_), phases.begin, now_seconds());

  SampleOptions sample_options;
  sample_options.reward_key = options_.figures.reward_key;
  if (options_.masks_older_weights) sample_options.oldest_trained_version = num_done_;
  std::vector<rl::Sample> samples = make_samples(collection, sample_options);
  append(rollout_figures(collection, options_.figures), row);
  if (parts_.trainer != nullptr) train(samples, row, phases);
  record_rollout(collection, samples);
  phases.times.whole = now_seconds() - phases.begin;
  row.set("perf/step_time", phases.times.whole);
  row.set("rollout/step", static_cast<double>(num_done_));
  parts_.recorder.write(row);
  ++num_done_;
  say_step(row, phases);
}

void TrainingRun::train(std::vector<rl::Sample>& samples, observe::MetricRow& row, Phases& phases) {
  const double begin = now_seconds();
  TrainReport report = parts_.trainer->train(samples);
  if (options_.ref_update_interval > 0 && (num_done_ + 1) % options_.ref_update_interval == 0) {
    parts_.trainer->update_reference();
  }
  const double end = now_seconds();
  append(report.rollout, row);
  append_steps(report.steps, row);
  append(report.perf, row);
  row.set("perf/train_time", end - begin);
  row.set("perf/train_wait_time", phases.times.rollout);
  phases.times.old_log_probs = row.find("perf/log_probs_time").value_or(0.0);
  phases.times.ref_log_probs = row.find("perf/ref_log_probs_time").value_or(0.0);
  phases.times.train = end - begin - phases.times.old_log_probs - phases.times.ref_log_probs;
  parts_.recorder.trace().add("trainer", cat("train ", num_done_), begin, end);
}

void TrainingRun::record_rollout(const Collection& collection,
                                 const std::vector<rl::Sample>& samples) {
  std::vector<Json> lines;
  size_t number = 0;
  for (const CollectedGroup& group : collection.groups) {
    const rl::Prompt& prompt = parts_.prompts.prompts[static_cast<size_t>(group.group.prompt)];
    for (size_t i = 0; i < group.group.members.size(); ++i, ++number) {
      const rl::Trajectory& trajectory = group.group.members[i];
      const rl::Sample* sample = parts_.trainer != nullptr ? &samples[number] : nullptr;
      lines.push_back(trajectory_record(
          {num_done_, static_cast<Dim>(i), prompt, trajectory, group.scripts[i], sample,
           rl::reward_value(trajectory.reward, options_.figures.reward_key)},
          parts_.environment));
    }
  }
  parts_.recorder.write_rollout(num_done_, lines);
}

void TrainingRun::evaluate() {
  const double begin = now_seconds();
  observe::MetricRow row(num_done_);
  for (const EvaluationSet& set : parts_.evaluation_sets) {
    const EvaluationResult result = parts_.evaluator->run(set, num_done_, parts_.progress);
    append(result.metrics(), row);
    parts_.recorder.write_evaluation(set.name, num_done_, result.records);
    log_info(cat("eval ", set.name, " after ", num_done_, " rollouts: score ", result.score,
                 ", accuracy ", result.accuracy, " of ", result.num_prompts, " prompts x ",
                 result.num_answers / result.num_prompts, ", ", result.seconds, " s"));
    if (set.name == options_.keep_best) best_candidate_ = result.accuracy;
  }
  row.set("eval/step", static_cast<double>(num_done_));
  parts_.recorder.write(row);
  evaluated_ = num_done_;
  parts_.recorder.trace().add("engine", cat("eval ", num_done_), begin, now_seconds());
}

// The checkpoint being made is the best so far when it was evaluated so.
void TrainingRun::note_best() {
  if (options_.keep_best.empty() || evaluated_ != num_done_) return;
  if (best_iteration_ && best_candidate_ <= best_score_) return;
  best_iteration_ = num_done_;
  best_score_ = best_candidate_;
}

void TrainingRun::save() {
  if (parts_.checkpoints == nullptr || saved_ == num_done_) return;
  const double begin = now_seconds();
  note_best();
  std::function<void(const std::string&)> save_trainer;
  if (options_.saves_trainer && parts_.trainer != nullptr) {
    save_trainer = [this](const std::string& folder) { parts_.trainer->save(folder); };
  }
  parts_.checkpoints->save(num_done_, {parts_.model, parts_.source}, state(), save_trainer);
  saved_ = num_done_;
  if (options_.keep_checkpoints) {
    parts_.checkpoints->keep(*options_.keep_checkpoints, best_iteration_);
  }
  parts_.recorder.trace().add("trainer", cat("save ", num_done_), begin, now_seconds());
  log_info(cat("saved ", parts_.checkpoints->path(num_done_), " in ", now_seconds() - begin, " s"));
}

void TrainingRun::say_step(const observe::MetricRow& row, const Phases& phases) const {
  log_info(step_summary(row, phases.times, num_done_, options_.num_rollouts));
}

}  // namespace lapidary::loop
