// lapidary sft: supervised fine-tuning on conversations. Everything that can be checked is checked
// before the first step: flags, data, lengths, folders.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <set>

#include "base/check.h"
#include "base/log.h"
#include "cli/flag_words.h"
#include "cli/interrupt.h"
#include "cli/model_loading.h"
#include "cli/resume_point.h"
#include "cli/rollout_options.h"
#include "cli/run_records.h"
#include "cli/sft_data.h"
#include "cli/train_flags.h"
#include "cli/training_options.h"
#include "cli/verbs.h"
#include "loop/sample_check.h"
#include "loop/sft_run.h"

namespace lapidary::cli {
namespace {

// Groups of train's flags that mean nothing here, but for some of them.
bool belongs_to_sft(const FlagSpec& flag) {
  static const std::set<std::string> groups = {"Model and checkpoints", "Training step",
                                               "Optimizer"};
  static const std::set<std::string> names = {"--prompt-data",
                                              "--input-key",
                                              "--tool-key",
                                              "--apply-chat-template-kwargs",
                                              "--num-rollout",
                                              "--num-epoch",
                                              "--rollout-shuffle",
                                              "--rollout-batch-size",
                                              "--rollout-seed",
                                              "--use-tensorboard",
                                              "--tensorboard-dir",
                                              "--rollout-max-context-len",
                                              "--calculate-per-token-loss",
                                              "--seed"};
  static const std::set<std::string> not_here = {
      "--ref-load", "--keep-best", "--log-probs-max-tokens-per-gpu", "--num-steps-per-rollout"};
  return (groups.contains(flag.group) || names.contains(flag.name)) &&
         !not_here.contains(flag.name);
}

// The table of train with the defaults of sft.
std::vector<FlagSpec> sft_flag_table() {
  std::vector<FlagSpec> table = train_flag_table();
  for (FlagSpec& flag : table) {
    if (flag.use == FlagUse::kUsed && !belongs_to_sft(flag)) {
      flag.use = FlagUse::kNoEffect;
      flag.meaning = "it belongs to train, not to sft";
    }
    if (flag.name == "--input-key") {
      flag.default_value = "messages";
      flag.meaning = "field with the conversation";
    } else if (flag.name == "--calculate-per-token-loss") {
      flag.default_value = true;
      flag.meaning = "mean over tokens; false: over samples";
    } else if (flag.name == "--num-rollout") {
      flag.meaning = "optimizer steps to make";
    } else if (flag.name == "--num-epoch") {
      flag.meaning = "passes over the data, instead of --num-rollout; unset: 1";
    } else if (flag.name == "--global-batch-size") {
      flag.meaning = "conversations of one optimizer step";
    } else if (flag.name == "--rollout-batch-size") {
      flag.meaning = "the same as --global-batch-size";
    } else if (flag.name == "--rollout-max-context-len") {
      flag.meaning = "longer conversations are left out, and counted";
    }
  }
  return table;
}

// All that is known before the model is loaded.
struct Plan {
  ResumePoint start;
  model::Gemma4Config config;
  SftData data;
  loop::SftRunOptions run;
  loop::SftTrainerOptions trainer;
};

int64_t at_least_one(const FlagSet& flags, const std::string& name) {
  const int64_t value = flags.get_int(name);
  if (value < 1) fail(ErrorKind::kInvalidArgument, name, " is ", value, "; at least 1 is needed");
  return value;
}

Dim batch_size(const FlagSet& flags) {
  const bool has_both = flags.has("--global-batch-size") && flags.has("--rollout-batch-size");
  if (has_both && flags.get_int("--global-batch-size") != flags.get_int("--rollout-batch-size")) {
    fail(ErrorKind::kInvalidArgument, "--global-batch-size is ",
         flags.get_int("--global-batch-size"), " and --rollout-batch-size ",
         flags.get_int("--rollout-batch-size"), "; in sft both are the size of a step, give one");
  }
  return at_least_one(
      flags, flags.has("--global-batch-size") ? "--global-batch-size" : "--rollout-batch-size");
}

void set_run(const FlagSet& flags, Plan& plan) {
  loop::SftRunOptions& run = plan.run;
  const auto num_samples = static_cast<Dim>(plan.data.samples.size());
  run.batch_size = batch_size(flags);
  if (flags.has("--num-rollout")) {
    run.num_steps = at_least_one(flags, "--num-rollout");
  } else {
    const int64_t epochs = flags.has("--num-epoch") ? at_least_one(flags, "--num-epoch") : 1;
    run.num_steps = epochs * num_samples / run.batch_size;
    if (run.num_steps < 1) {
      fail(ErrorKind::kInvalidArgument, "--num-epoch ", epochs, " over ", num_samples,
           " conversations is less than one step of --global-batch-size ", run.batch_size);
    }
  }
  if (flags.has("--save-interval")) {
    run.save_interval = at_least_one(flags, "--save-interval");
    if (!flags.has("--save"))
      fail(ErrorKind::kInvalidArgument, "--save-interval needs --save FOLDER");
  }
  if (flags.has("--keep-checkpoints"))
    run.keep_checkpoints = at_least_one(flags, "--keep-checkpoints");
  run.saves_trainer = !flags.get_bool("--no-save-optim");
}

Plan make_plan(const FlagSet& flags) {
  Plan plan;
  plan.start = find_resume_point(flags);
  check_save_folder(flags, plan.start);
  plan.config = model::Gemma4Config::read(plan.start.weights_folder);
  if (!flags.has("--prompt-data"))
    fail(ErrorKind::kInvalidArgument, "--prompt-data is needed: a JSONL file of conversations");
  SftDataOptions data;
  data.path = flags.get_string("--prompt-data");
  data.text_folder = plan.start.text_folder;
  data.messages_key = flags.get_string("--input-key");
  data.tools_key = flags.get_string("--tool-key");
  data.template_variables = flags.value("--apply-chat-template-kwargs");
  if (flags.has("--rollout-max-context-len"))
    data.max_tokens = at_least_one(flags, "--rollout-max-context-len");
  plan.data = read_sft_data(data);
  set_run(flags, plan);
  plan.trainer = sft_trainer_options(
      flags, {.global_batch_size = plan.run.batch_size, .num_steps = plan.run.num_steps});
  return plan;
}

std::string plan_text(const FlagSet& flags, const Plan& plan) {
  Dim tokens = 0;
  for (const rl::Sample& sample : plan.data.samples) tokens += sample.total_length();
  std::string out = flags_with_origins(flags);
  out += cat("\n", plan.data.samples.size(), " conversations of ", tokens, " tokens (",
             plan.data.num_too_long, " too long); ", plan.run.num_steps, " optimizer steps of ",
             plan.run.batch_size, "\n");
  if (plan.start.iteration) {
    out +=
        cat("continues ", plan.start.weights_folder, " after step ", *plan.start.iteration, "\n");
  }
  return out;
}

void run_plan(const FlagSet& flags, Plan& plan) {
  const ResumePoint& start = plan.start;
  Json state;
  if (start.iteration) state = read_json_file(start.state_folder + "/run.json");
  loop::RunRecorder recorder(recorder_options(flags, start, state), flags.resolved());
  log_info("records: " + recorder.folder());

  const model::Gemma4Model model = load_model(
      {start.weights_folder, flags.get_string("--device"), dtype_flag(flags)}, plan.config);
  const model::OpenedWeights source = model::open_weights(plan.config, start.weights_folder);
  loop::check_samples(plan.data.samples, model);
  plan.trainer.dump_folder = recorder.folder();
  loop::SftTrainer trainer(model, plan.trainer);
  if (start.iteration && !flags.get_bool("--no-load-optim")) trainer.restore(start.state_folder);
  std::optional<loop::CheckpointSeries> checkpoints;
  if (flags.has("--save")) {
    checkpoints.emplace(flags.get_string("--save"));
    checkpoints->prepare(loop::checkpoint_bytes(model, plan.run.saves_trainer));
  }
  rl::PromptSource order(
      static_cast<Dim>(plan.data.samples.size()),
      {.order = flags.get_bool("--rollout-shuffle") ? rl::RowOrder::kShuffled : rl::RowOrder::kFile,
       .seed = flags.get_int("--rollout-seed"),
       .samples_per_prompt = 1});
  loop::SftRun run({model, source, plan.data.samples, order, trainer,
                    checkpoints ? &*checkpoints : nullptr, recorder},
                   plan.run);
  if (start.iteration) {
    run.restore(state, start.state_folder + "/run.json");
    log_info(cat("continuing after ", run.num_done(), " steps"));
  }
  const InterruptGuard guard;
  run.run([&guard] { return guard.was_interrupted(); });
  log_info(cat("report: ", recorder.folder(), "/report.html"));
}

void run_sft(const std::vector<std::string>& words) {
  FlagCommand command = read_flag_command(sft_flag_table(), words);
  if (command.asks_for_help) {
    std::printf("lapidary sft [flags] [--config FILE.yaml].. [--dry-run]\n%s",
                command.flags.help().c_str());
    return;
  }
  say_without_effect(command);
  Plan plan = make_plan(command.flags);
  if (command.is_dry_run) {
    std::printf("%s", plan_text(command.flags, plan).c_str());
    return;
  }
  run_plan(command.flags, plan);
}

}  // namespace

void add_sft(CLI::App& app, int& exit_status) {
  CLI::App* verb = add_flag_verb(app, "sft", "Supervised fine-tuning on conversations");
  verb->callback([verb, &exit_status] {
    run_sft(verb->remaining());
    exit_status = 0;
  });
}

}  // namespace lapidary::cli
