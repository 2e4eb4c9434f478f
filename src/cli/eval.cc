// lapidary eval: answers to named sets of prompts, scored.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/check.h"
#include "base/log.h"
#include "cli/flag_words.h"
#include "cli/model_loading.h"
#include "cli/output_lines.h"
#include "cli/resume_point.h"
#include "cli/rollout_setup.h"
#include "cli/train_flags.h"
#include "cli/verbs.h"

namespace lapidary::cli {
namespace {

std::vector<FlagSpec> eval_flag_table() {
  std::vector<FlagSpec> table = train_flag_table();
  table.push_back({"--json",
                   FlagType::kString,
                   nullptr,
                   "file for the results; - is standard output",
                   FlagArity::kOne,
                   FlagUse::kUsed,
                   {},
                   {},
                   "Evaluation"});
  table.push_back({"--output",
                   FlagType::kString,
                   nullptr,
                   "file for the trajectories, one a line; - is standard output",
                   FlagArity::kOne,
                   FlagUse::kUsed,
                   {},
                   {},
                   "Evaluation"});
  return table;
}

struct Evaluated {
  Json results = Json::object();
  std::vector<Json> records;
};

Evaluated evaluate(const FlagSet& flags) {
  const ResumePoint start = find_resume_point(flags);
  const auto config = model::Gemma4Config::read(start.weights_folder);
  const RolloutPlan plan = rollout_plan(flags, config, start.text_folder);
  if (plan.evaluation_files.empty()) {
    fail(ErrorKind::kInvalidArgument, "eval: --eval-prompt-data NAME PATH .. is needed");
  }
  const auto environment = make_environment(plan.evaluation.environment, start.text_folder);
  const std::vector<loop::EvaluationSet> sets = load_evaluation_sets(plan, *environment);
  const model::Gemma4Model model =
      load_model({start.weights_folder, flags.get_string("--device"), dtype_flag(flags)}, config);
  RolloutSetup setup(plan, model, plan.max_running);
  loop::Evaluator evaluator(setup.engine(), *environment, setup.tools(), setup.rewards(),
                            evaluation_options(plan));
  Evaluated out;
  for (const loop::EvaluationSet& set : sets) {
    loop::EvaluationResult result =
        evaluator.run(set, start.iteration.value_or(0), observe::ProgressOptions::for_stderr());
    log_info(cat("eval ", set.name, ": score ", result.score, ", accuracy ", result.accuracy,
                 " of ", result.num_prompts, " prompts, ", result.seconds, " s"));
    out.results[set.name] = result.to_json();
    for (Json& record : result.records) {
      record["set"] = set.name;
      out.records.push_back(std::move(record));
    }
  }
  return out;
}

void run_eval(const std::vector<std::string>& words) {
  const FlagCommand command = read_flag_command(eval_flag_table(), words);
  if (command.asks_for_help) {
    std::printf("lapidary eval --hf-checkpoint DIR --eval-prompt-data NAME PATH .. [flags]\n%s",
                command.flags.help().c_str());
    return;
  }
  say_without_effect(command);
  // Files that cannot be written are found before anything is computed.
  const std::string json = command.flags.get_string("--json");
  OutputLines results(json.empty() ? "-" : json);
  std::optional<OutputLines> records;
  if (command.flags.has("--output")) records.emplace(command.flags.get_string("--output"));
  const Evaluated evaluated = evaluate(command.flags);
  results.write_text(dump_json(evaluated.results, 1));
  results.finish();
  if (!records) return;
  for (const Json& record : evaluated.records) records->write(record);
  records->finish();
}

}  // namespace

void add_eval(CLI::App& app, int& exit_status) {
  CLI::App* verb = add_flag_verb(app, "eval", "Score a model on sets of prompts");
  verb->callback([verb, &exit_status] {
    run_eval(verb->remaining());
    exit_status = 0;
  });
}

}  // namespace lapidary::cli
