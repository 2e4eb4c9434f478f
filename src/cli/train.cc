// lapidary train: reinforcement learning. Everything that can be checked is checked before the
// first rollout: flags, files, lengths, batches, folders, sandbox.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/check.h"
#include "base/log.h"
#include "cli/flag_words.h"
#include "cli/interrupt.h"
#include "cli/model_loading.h"
#include "cli/resume_point.h"
#include "cli/rollout_setup.h"
#include "cli/run_records.h"
#include "cli/train_flags.h"
#include "cli/training_options.h"
#include "cli/verbs.h"

namespace lapidary::cli {
namespace {

// All that is known before the model is loaded.
struct Plan {
  ResumePoint start;
  model::Gemma4Config config;
  RolloutPlan rollout;
  TrainingPlan training;
  std::unique_ptr<loop::Environment> environment;
  std::unique_ptr<loop::Environment> evaluation_environment;
  loop::PromptSet prompts;
  std::vector<loop::EvaluationSet> evaluation_sets;
};

Plan make_plan(const FlagSet& flags) {
  Plan out;
  refuse_what_is_to_come(flags);
  out.start = find_resume_point(flags);
  check_save_folder(flags, out.start);
  out.config = model::Gemma4Config::read(out.start.weights_folder);
  out.rollout = rollout_plan(flags, out.config, out.start.text_folder);
  out.training = training_plan(flags, out.rollout);
  out.environment = make_environment(out.rollout.rollout.environment, out.start.text_folder);
  out.evaluation_environment =
      make_environment(out.rollout.evaluation.environment, out.start.text_folder);
  out.prompts = loop::load_prompts(out.training.prompts, *out.environment,
                                   out.rollout.rollout.max_prompt_tokens);
  if (out.training.run.eval_interval > 0) {
    out.evaluation_sets = load_evaluation_sets(out.rollout, *out.evaluation_environment);
  }
  loop::TrainingRunOptions& run = out.training.run;
  if (run.num_rollouts == 0) {
    const Dim groups = out.training.collector.num_groups;
    run.num_rollouts = out.training.num_epochs * out.prompts.size() / groups;
    if (run.num_rollouts < 1) {
      fail(ErrorKind::kInvalidArgument, "--num-epoch ", out.training.num_epochs, " over ",
           out.prompts.size(), " prompts is less than one rollout of ", groups);
    }
  }
  return out;
}

std::string plan_text(const FlagSet& flags, const Plan& plan) {
  const loop::CollectorOptions& collector = plan.training.collector;
  const Dim samples = collector.num_groups * collector.samples_per_group;
  const loop::TrainingRunOptions& run = plan.training.run;
  std::string out = flags_with_origins(flags);
  out += cat("\n", plan.prompts.size(), " prompts (", plan.prompts.num_too_long,
             " too long); each rollout: ", collector.num_groups, " prompts x ",
             collector.samples_per_group, " answers = ", samples, " samples, ",
             samples / plan.training.global_batch_size, " optimizer steps of ",
             plan.training.global_batch_size, "\n", run.num_rollouts, " rollouts, ",
             run.num_rollouts * samples / plan.training.global_batch_size, " optimizer steps, ",
             static_cast<double>(run.num_rollouts * collector.num_groups) /
                 static_cast<double>(plan.prompts.size()),
             " epochs\n");
  if (plan.start.iteration) {
    out += cat("continues ", plan.start.weights_folder, " after rollout ", *plan.start.iteration,
               "\n");
  }
  return out;
}

TrainingScale training_scale(const Plan& plan) {
  const loop::CollectorOptions& collector = plan.training.collector;
  const Dim samples = collector.num_groups * collector.samples_per_group;
  const Dim batch = plan.training.global_batch_size;
  return {.global_batch_size = batch,
          .num_steps = plan.training.run.num_rollouts * samples / batch};
}

std::unique_ptr<loop::PolicyTrainer> make_trainer(const FlagSet& flags, const Plan& plan,
                                                  const model::Gemma4Model& model,
                                                  const std::string& run_folder) {
  if (flags.get_bool("--debug-rollout-only")) return nullptr;
  loop::PolicyTrainerOptions options = policy_trainer_options(flags, training_scale(plan));
  options.dump_folder = run_folder;
  options.progress = observe::ProgressOptions::for_stderr();
  std::optional<model::Gemma4Model> reference;
  if (loop::PolicyTrainer::needs_reference(options)) {
    const std::string named = flags.get_string("--ref-load");
    const std::string folder = named.empty() ? plan.start.text_folder : named;
    log_info("reference policy: " + folder);
    reference = load_model({folder, flags.get_string("--device"), dtype_flag(flags)},
                           model::Gemma4Config::read(folder));
  }
  auto trainer = std::make_unique<loop::PolicyTrainer>(model, std::move(reference), options);
  if (plan.start.iteration && !flags.get_bool("--no-load-optim")) {
    trainer->restore(plan.start.state_folder);
  }
  return trainer;
}

void train(const FlagSet& flags, Plan& plan) {
  const ResumePoint& start = plan.start;
  Json state;
  if (start.iteration) state = read_json_file(start.state_folder + "/run.json");
  loop::RunRecorder recorder(recorder_options(flags, start, state), flags.resolved());
  log_info("records: " + recorder.folder());

  const model::Gemma4Model model = load_model(
      {start.weights_folder, flags.get_string("--device"), dtype_flag(flags)}, plan.config);
  const model::OpenedWeights source = model::open_weights(plan.config, start.weights_folder);
  const auto trainer = make_trainer(flags, plan, model, recorder.folder());
  std::optional<loop::CheckpointSeries> checkpoints;
  if (flags.has("--save")) {
    checkpoints.emplace(flags.get_string("--save"));
    checkpoints->prepare(loop::checkpoint_bytes(model, plan.training.run.saves_trainer));
  }

  const loop::CollectorOptions& collecting = plan.training.collector;
  RolloutSetup setup(plan.rollout, model, plan.rollout.max_running);
  rl::PromptSource prompt_source(plan.prompts.size(), plan.training.source);
  loop::RolloutWorker worker(setup.engine(), *plan.environment, setup.tools(),
                             plan.rollout.rollout.worker);
  loop::RewardDesk desk(
      setup.rewards(), *plan.environment,
      {plan.rollout.rollout.reward_key, plan.rollout.skips_special_text, plan.rollout.seed});
  loop::GroupCollector collector(plan.prompts, prompt_source, worker, desk, collecting);
  loop::Evaluator evaluator(setup.engine(), *plan.evaluation_environment, setup.tools(),
                            setup.rewards(), evaluation_options(plan.rollout));
  loop::TrainingRun run(
      {model, source, setup.engine(), *plan.environment, plan.prompts, prompt_source, collector,
       trainer.get(), plan.evaluation_sets.empty() ? nullptr : &evaluator, plan.evaluation_sets,
       checkpoints ? &*checkpoints : nullptr, recorder, observe::ProgressOptions::for_stderr()},
      plan.training.run);
  if (start.iteration) {
    run.restore(state, start.state_folder);
    log_info(cat("continuing after ", run.num_done(), " rollouts"));
  }
  const InterruptGuard guard;
  run.run([&guard] { return guard.was_interrupted(); });
  log_info(cat("report: ", recorder.folder(), "/report.html"));
}

void run_train(const std::vector<std::string>& words) {
  FlagCommand command = read_flag_command(train_flag_table(), words);
  if (command.asks_for_help) {
    std::printf("lapidary train [flags] [--config FILE.yaml].. [--dry-run]\n%s",
                command.flags.help().c_str());
    return;
  }
  say_without_effect(command);
  Plan plan = make_plan(command.flags);
  if (command.is_dry_run) {
    policy_trainer_options(command.flags, training_scale(plan));  // for what it refuses
    std::printf("%s", plan_text(command.flags, plan).c_str());
    return;
  }
  train(command.flags, plan);
}

}  // namespace

void add_train(CLI::App& app, int& exit_status) {
  CLI::App* verb = add_flag_verb(app, "train", "Reinforcement learning");
  verb->callback([verb, &exit_status] {
    run_train(verb->remaining());
    exit_status = 0;
  });
}

}  // namespace lapidary::cli
