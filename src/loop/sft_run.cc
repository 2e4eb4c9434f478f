#include "loop/sft_run.h"

#include <array>
#include <cstdio>

#include "base/check.h"
#include "base/log.h"

namespace lapidary::loop {

namespace {

std::string summary(const observe::MetricRow& row, int64_t step, int64_t num_steps) {
  std::array<char, 200> text{};
  const auto value = [&](const char* name) { return row.find(name).value_or(0.0); };
  std::snprintf(text.data(), text.size(),
                "step %lld/%lld  loss %.4f  grad %.3f  lr %.3g  epoch %.2f  %.0f tokens/s  %.2f s",
                static_cast<long long>(step), static_cast<long long>(num_steps),
                value("train/loss"), value("train/grad_norm"), value("train/lr-pg_0"),
                value("train/epoch"), value("perf/actor_train_tok_per_s"),
                value("perf/actor_train_time"));
  return text.data();
}

}  // namespace

void SftRun::restore(const Json& state, const std::string& what) {
  const JsonObject object(state, what);
  const std::string kind = object.get_string_or("kind", "train");
  if (kind != "sft") {
    fail(ErrorKind::kInvalidArgument, what, " is the state of 'lapidary ", kind,
         "', which sft cannot continue; --finetune takes its weights alone");
  }
  num_done_ = object.get_int("rollouts_done");
  parts_.order.restore(object.at("prompts"));
  saved_ = num_done_;
}

void SftRun::run(const std::function<bool()>& is_interrupted) {
  bool was_interrupted = is_interrupted();
  while (num_done_ < options_.num_steps && !was_interrupted) {
    step();
    was_interrupted = is_interrupted();
    const bool is_due = options_.save_interval > 0 && num_done_ % options_.save_interval == 0;
    if (is_due || num_done_ == options_.num_steps || was_interrupted) save();
  }
  if (was_interrupted && num_done_ < options_.num_steps) {
    log_info(cat("interrupted after ", num_done_, " steps",
                 parts_.checkpoints != nullptr ? "; --load with the --save folder goes on from here"
                                               : "; nothing was saved (no --save)"));
  }
  parts_.recorder.finish();
}

void SftRun::step() {
  std::vector<rl::Sample> batch;
  for (const rl::PromptTicket& ticket : parts_.order.take(options_.batch_size)) {
    batch.push_back(parts_.samples[static_cast<size_t>(ticket.prompt)]);
    batch.back().rollout_id = ticket.first_sample_id;
    batch.back().group_id = ticket.group_id;
  }
  observe::MetricRow row = parts_.trainer.train_step(batch);
  ++num_done_;
  row.set("train/epoch", static_cast<double>(num_done_ * options_.batch_size) /
                             static_cast<double>(parts_.samples.size()));
  parts_.recorder.write(row);
  log_info(summary(row, num_done_, options_.num_steps));
}

void SftRun::save() {
  if (parts_.checkpoints == nullptr || saved_ == num_done_) return;
  const Json state = {{"version", 1},
                      {"kind", "sft"},
                      {"rollouts_done", num_done_},
                      {"optimizer_steps", parts_.trainer.num_steps()},
                      {"prompts", parts_.order.save()},
                      {"metric_rows", parts_.recorder.num_rows()},
                      {"run_folder", parts_.recorder.folder()}};
  std::function<void(const std::string&)> save_trainer;
  if (options_.saves_trainer)
    save_trainer = [this](const std::string& folder) { parts_.trainer.save(folder); };
  parts_.checkpoints->save(num_done_, {parts_.model, parts_.source}, state, save_trainer);
  saved_ = num_done_;
  if (options_.keep_checkpoints) parts_.checkpoints->keep(*options_.keep_checkpoints, {});
  log_info("saved " + parts_.checkpoints->path(num_done_));
}

}  // namespace lapidary::loop
