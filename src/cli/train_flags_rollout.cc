// Flags of models, data, rollouts, rewards, tools and evaluation.
#include "cli/train_flags.h"

namespace lapidary::cli {
namespace {

constexpr FlagType kSwitch = FlagType::kSwitch;
constexpr FlagType kInt = FlagType::kInt;
constexpr FlagType kFloat = FlagType::kFloat;
constexpr FlagType kText = FlagType::kString;
constexpr FlagType kJson = FlagType::kJson;
const Json kNone = nullptr;

void grouped(std::vector<FlagSpec>& out, const std::string& group, std::vector<FlagSpec> flags) {
  for (FlagSpec& flag : flags) {
    flag.group = group;
    out.push_back(std::move(flag));
  }
}

FlagSpec list(const std::string& name, FlagType type, const std::string& meaning) {
  return {name, type, kNone, meaning, FlagArity::kList};
}

FlagSpec choice(const std::string& name, const Json& default_value, const std::string& meaning,
                std::vector<std::string> choices) {
  return {name, kText, default_value, meaning, FlagArity::kOne, FlagUse::kUsed, std::move(choices)};
}

void add_model_and_prompts(std::vector<FlagSpec>& out) {
  FlagSpec save_interval = {"--save-interval", kInt, kNone,
                            "rollouts between checkpoints; the last one always saves"};
  save_interval.aliases = {"--persistent-save-interval"};
  grouped(
      out, "Model and checkpoints",
      {{"--hf-checkpoint", kText, kNone,
        "Hugging Face folder: starting weights, config, tokenizer, chat template"},
       {"--load", kText, kNone, "resume from a --save folder, or start from a Hugging Face folder"},
       {"--ref-load", kText, kNone,
        "Hugging Face folder of the reference policy; unset: --hf-checkpoint"},
       {"--save", kText, kNone, "folder of the checkpoints"},
       save_interval,
       {"--no-save-optim", kSwitch, false,
        "leave the optimizer out of checkpoints: weights only, no exact resume"},
       {"--no-load-optim", kSwitch, false, "resume without the saved optimizer state"},
       {"--finetune", kSwitch, false, "take the weights of --load and start counting anew"},
       {"--keep-checkpoints", kInt, kNone, "newest checkpoints kept; unset: all"},
       {"--keep-best", kText, kNone, "evaluation set whose best checkpoint is kept as well"},
       {"--run-dir", kText, kNone, "folder of the run's records; unset: runs/DATE-TIME"},
       choice("--device", kNone, "where to compute; unset: cuda if usable", {"cpu", "cuda"}),
       choice("--dtype", kNone,
              "of the parameters; unset: bfloat16 on cuda, the checkpoint's on cpu",
              {"float32", "bfloat16"}),
       {"--bf16", kSwitch, false, "the same as --dtype bfloat16"}});
  grouped(
      out, "Prompts",
      {{"--prompt-data", kText, kNone, "JSONL file; path@[a:b] takes a slice of its rows"},
       {"--input-key", kText, "input", "field with the prompt: a string or a message list"},
       {"--label-key", kText, kNone, "field with the reference answer"},
       {"--metadata-key", kText, "metadata", "field with an object that is handed to rewards"},
       {"--tool-key", kText, "tools", "field with tool declarations for the chat template"},
       {"--apply-chat-template", kSwitch, false,
        "render prompts through the checkpoint's chat template"},
       {"--apply-chat-template-kwargs", kJson, Json::object(),
        "JSON object of further template variables"},
       {"--rollout-shuffle", kSwitch, false, "a new order each epoch, from --rollout-seed + epoch"},
       {"--num-rollout", kInt, kNone, "rollouts to run"},
       {"--num-epoch", kInt, kNone, "passes over the prompts, instead of --num-rollout"},
       {"--rollout-batch-size", kInt, kNone, "prompts (groups) of one rollout"},
       {"--n-samples-per-prompt", kInt, 1, "answers to each prompt: the group of the advantage"},
       {"--over-sampling-batch-size", kInt, kNone,
        "prompts started at a time when groups may be filtered out"},
       {"--rollout-seed", kInt, 42, "of prompt order and sampling"},
       {"--seed", kInt, 1234, "of everything random outside rollouts"}});
}

}  // namespace

std::vector<FlagSpec> data_and_rollout_flags() {
  std::vector<FlagSpec> out;
  add_model_and_prompts(out);
  grouped(
      out, "Rollout",
      {{"--rollout-max-response-len", kInt, kNone,
        "tokens of one request; with tools, of each turn"},
       {"--rollout-max-context-len", kInt, kNone, "tokens of prompt and all turns together"},
       {"--rollout-max-prompt-len", kInt, kNone, "longer prompts are left out, and counted"},
       {"--rollout-temperature", kFloat, 1.0, "above 0; the trainer divides its logits by it too"},
       {"--rollout-top-p", kFloat, 1.0, "nucleus; the kept tokens are carried to the loss"},
       {"--rollout-top-k", kInt, -1, "candidates kept; -1: all"},
       list("--rollout-stop", kText, "texts that end a turn"),
       list("--rollout-stop-token-ids", kInt, "token ids that end a turn"),
       {"--rollout-skip-special-tokens", kSwitch, false,
        "leave special tokens out of texts given to rewards"},
       choice("--rollout-function-path", "slime.rollout.sglang_rollout.generate_rollout",
              "how rollouts are scheduled",
              {"slime.rollout.sglang_rollout.generate_rollout",
               "fully_async_rollout.generate_rollout_fully_async"}),
       {"--custom-generate-function-path", kText, kNone,
        "environment: a built-in of the reference, or module.function"},
       {"--environment", kText, kNone, "environment by its own name: math, retool, retool-native"},
       {"--dynamic-sampling-filter-path", kText, kNone,
        "drop groups without a signal; the reference's built-in paths"},
       {"--partial-rollout", kSwitch, false, "keep unfinished answers for the next rollout"},
       {"--mask-offpolicy-in-partial-rollout", kSwitch, false, "mask what older weights generated"},
       {"--max-running-requests", kInt, 64, "trajectories decoded together"}});
  grouped(out, "Tools",
          {choice("--sandbox", "bubblewrap", "isolation of Python tools",
                  {"bubblewrap", "unsafe-subprocess"}),
           {"--tool-concurrency", kInt, 32, "tool calls at the same time"},
           {"--tool-timeout", kFloat, 120.0, "seconds a call may take"},
           {"--tool-memory-mb", kInt, 4096, "memory of a call"},
           {"--max-turns", kInt, 16, "model turns of a trajectory"},
           {"--max-tool-calls", kInt, 16, "tool calls of a trajectory"},
           {"--python", kText, "python3", "interpreter for tools and for your own functions"}});
  grouped(out, "Reward",
          {{"--rm-type", kText, kNone,
            "dapo, math, deepscaler, gpqa, f1, random, remote_rm; boxed_ in front"},
           {"--custom-rm-path", kText, kNone,
            "reward: a built-in of the reference, or module.function of yours"},
           {"--reward-key", kText, kNone, "field to use when a reward is an object"},
           {"--eval-reward-key", kText, kNone, "the same in evaluation; unset: --reward-key"},
           {"--rm-url", kText, kNone, "address of remote_rm"},
           {"--group-rm", kSwitch, false, "hand whole groups to a custom reward"}});
  grouped(out, "Evaluation",
          {{"--eval-interval", kInt, kNone, "rollouts between evaluations; unset: none"},
           list("--eval-prompt-data", kText, "pairs of a name and a path"),
           {"--eval-input-key", kText, kNone, "unset: --input-key"},
           {"--eval-label-key", kText, kNone, "unset: --label-key"},
           {"--eval-tool-key", kText, kNone, "unset: --tool-key"},
           {"--n-samples-per-eval-prompt", kInt, 1, "answers to each prompt"},
           {"--eval-temperature", kFloat, kNone, "unset: that of rollouts; 0 is greedy"},
           {"--eval-top-p", kFloat, kNone, "unset: that of rollouts"},
           {"--eval-top-k", kInt, kNone, "unset: that of rollouts"},
           {"--eval-max-response-len", kInt, kNone, "unset: that of rollouts"},
           {"--eval-max-context-len", kInt, kNone, "unset: that of rollouts"},
           {"--eval-max-prompt-len", kInt, kNone, "unset: that of rollouts"},
           choice("--eval-function-path", kNone, "how evaluation is scheduled",
                  {"slime.rollout.sglang_rollout.generate_rollout"}),
           {"--skip-eval-before-train", kSwitch, false, "no evaluation before the first rollout"},
           {"--log-passrate", kSwitch, false, "passrate/pass@k of the rollouts"},
           {"--log-multi-turn", kSwitch, false, "multi_turn/ metrics"},
           {"--log-reward-category", kText, kNone, "metadata field by which rewards are split"}});
  grouped(
      out, "Records and debugging",
      {{"--use-tensorboard", kSwitch, true, "write TensorBoard event files into the run folder"},
       {"--tensorboard-dir", kText, kNone, "their folder, if another"},
       {"--debug-rollout-only", kSwitch, false, "rollouts without training"},
       {"--debug-train-only", kSwitch, false,
        "training without an engine, from --load-debug-rollout-data"},
       {"--save-debug-rollout-data", kText, kNone,
        "path with {rollout_id}: rollouts that can be replayed"},
       {"--load-debug-rollout-data", kText, kNone, "path with {rollout_id}: rollouts to train on"},
       {"--deterministic-mode", kSwitch, false, "same seed, same bits"}});
  return out;
}

}  // namespace lapidary::cli
