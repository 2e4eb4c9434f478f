// What a training run has besides the rollout (rollout_options.h).
#include "base/check.h"
#include "cli/rollout_options.h"
#include "rl/advantage/dynamic_filter.h"

namespace lapidary::cli {
namespace {

int64_t interval(const FlagSet& flags, const std::string& name) {
  if (!flags.has(name)) return 0;
  const int64_t value = flags.get_int(name);
  if (value < 1) {
    fail(ErrorKind::kInvalidArgument, name, " is ", value, "; at least 1 is needed");
  }
  return value;
}

int64_t needed(const FlagSet& flags, const std::string& name) {
  flags.get_int(name);  // says so when it is not there
  return interval(flags, name);
}

Dim global_batch(const FlagSet& flags, Dim samples) {
  const bool has_steps = flags.has("--num-steps-per-rollout");
  if (has_steps && flags.has("--global-batch-size") &&
      flags.get_int("--global-batch-size") * flags.get_int("--num-steps-per-rollout") != samples) {
    fail(ErrorKind::kInvalidArgument, "--global-batch-size ", flags.get_int("--global-batch-size"),
         " x --num-steps-per-rollout ", flags.get_int("--num-steps-per-rollout"), " is not the ",
         samples, " answers of a rollout; give one of the two");
  }
  const Dim parts = has_steps ? needed(flags, "--num-steps-per-rollout") : 1;
  if (samples % parts != 0) {
    fail(ErrorKind::kInvalidArgument, "--num-steps-per-rollout is ", parts, " and a rollout has ",
         samples,
         " answers (--rollout-batch-size x --n-samples-per-prompt), which it does not "
         "divide");
  }
  if (!flags.has("--global-batch-size")) return samples / parts;
  const Dim size = needed(flags, "--global-batch-size");
  if (samples % size != 0) {
    fail(ErrorKind::kInvalidArgument, "--global-batch-size is ", size, " and a rollout has ",
         samples,
         " answers (--rollout-batch-size x --n-samples-per-prompt), which it does not "
         "divide");
  }
  return size;
}

rl::PromptFileOptions prompt_file(const FlagSet& flags) {
  rl::PromptFileOptions out;
  out.path = flags.get_string("--prompt-data");
  if (out.path.empty()) fail(ErrorKind::kInvalidArgument, "--prompt-data is needed: a JSONL file");
  out.prompt_key = flags.get_string("--input-key");
  if (flags.has("--label-key")) out.label_key = flags.get_string("--label-key");
  out.metadata_key = flags.get_string("--metadata-key");
  if (flags.is_set("--tool-key")) out.tool_key = flags.get_string("--tool-key");
  return out;
}

void set_run(const FlagSet& flags, loop::TrainingRunOptions& run) {
  run.save_interval = interval(flags, "--save-interval");
  run.eval_interval = interval(flags, "--eval-interval");
  run.evaluates_first = !flags.get_bool("--skip-eval-before-train");
  run.saves_trainer = !flags.get_bool("--no-save-optim");
  if (flags.has("--keep-checkpoints")) run.keep_checkpoints = interval(flags, "--keep-checkpoints");
  run.keep_best = flags.get_string("--keep-best");
  run.ref_update_interval = interval(flags, "--ref-update-interval");
  run.masks_older_weights = flags.get_bool("--mask-offpolicy-in-partial-rollout");
  run.figures.has_pass_rates = flags.get_bool("--log-passrate");
  run.figures.has_turns = flags.get_bool("--log-multi-turn");
  if (run.eval_interval > 0 && flags.get_strings("--eval-prompt-data").empty()) {
    fail(ErrorKind::kInvalidArgument, "--eval-interval needs --eval-prompt-data NAME PATH");
  }
  if (run.save_interval > 0 && flags.get_string("--save").empty()) {
    fail(ErrorKind::kInvalidArgument, "--save-interval needs --save FOLDER");
  }
}

bool needs_label(const RewardPlan& reward) {
  return reward.kind == RewardPlan::Kind::kRetool || reward.type != "random";
}

}  // namespace

TrainingPlan training_plan(const FlagSet& flags, const RolloutPlan& rollout) {
  TrainingPlan out;
  out.prompts = prompt_file(flags);
  if (!out.prompts.label_key && needs_label(rollout.reward)) {
    fail(ErrorKind::kInvalidArgument,
         "the reward compares with a label, and --label-key is not given: name the field that "
         "holds it");
  }
  loop::CollectorOptions& collector = out.collector;
  collector.num_groups = needed(flags, "--rollout-batch-size");
  collector.samples_per_group = needed(flags, "--n-samples-per-prompt");
  collector.num_started = flags.has("--over-sampling-batch-size")
                              ? needed(flags, "--over-sampling-batch-size")
                              : collector.num_groups;
  if (collector.num_started < collector.num_groups) {
    fail(ErrorKind::kInvalidArgument, "--over-sampling-batch-size is ", collector.num_started,
         ", less than --rollout-batch-size ", collector.num_groups);
  }
  const std::string filter = flags.get_string("--dynamic-sampling-filter-path");
  if (!filter.empty()) collector.filter = rl::dynamic_filter_from_path(filter);
  collector.reward_key = rollout.rollout.reward_key;
  collector.keeps_unfinished = flags.get_bool("--partial-rollout");

  out.source.order =
      flags.get_bool("--rollout-shuffle") ? rl::RowOrder::kShuffled : rl::RowOrder::kFile;
  out.source.seed = flags.get_int("--rollout-seed");
  out.source.samples_per_prompt = collector.samples_per_group;
  out.global_batch_size = global_batch(flags, collector.num_groups * collector.samples_per_group);
  set_run(flags, out.run);
  out.run.figures.reward_key = rollout.rollout.reward_key;
  out.run.figures.samples_per_group = collector.samples_per_group;
  if (flags.has("--num-rollout")) {
    out.run.num_rollouts = needed(flags, "--num-rollout");
  } else if (flags.has("--num-epoch")) {
    out.num_epochs = needed(flags, "--num-epoch");
  } else {
    fail(ErrorKind::kInvalidArgument, "say how long to train: --num-rollout N or --num-epoch N");
  }
  const bool is_cut =
      rollout.rollout.worker.sampling.top_p < 1.0 || rollout.rollout.worker.sampling.top_k > 0;
  if (is_cut) {
    fail(ErrorKind::kInvalidArgument,
         "--rollout-top-p below 1 and --rollout-top-k are not supported yet in training: the loss "
         "is over the whole vocabulary (evaluation has --eval-top-p and --eval-top-k)");
  }
  return out;
}

void refuse_what_is_to_come(const FlagSet& flags) {
  std::vector<std::string> found;
  for (const char* name : {"--debug-train-only", "--save-debug-rollout-data",
                           "--load-debug-rollout-data", "--group-rm", "--log-reward-category"}) {
    if (flags.is_set(name)) found.emplace_back(name);
  }
  if (!found.empty()) {
    fail(ErrorKind::kInvalidArgument, join(found), ": not supported yet by this version");
  }
  const std::string rollout = flags.get_string("--rollout-function-path");
  if (rollout.starts_with("fully_async")) {
    fail(ErrorKind::kInvalidArgument, "--rollout-function-path ", rollout,
         " is not supported yet: it belongs to asynchronous rollouts, which this version does not "
         "have");
  }
}

}  // namespace lapidary::cli
