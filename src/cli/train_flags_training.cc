// Flags of the loss, the optimizer and the training step.
#include "cli/train_flags.h"

namespace lapidary::cli {
namespace {

constexpr FlagType kSwitch = FlagType::kSwitch;
constexpr FlagType kInt = FlagType::kInt;
constexpr FlagType kFloat = FlagType::kFloat;
constexpr FlagType kText = FlagType::kString;
const Json kNone = nullptr;

void grouped(std::vector<FlagSpec>& out, const std::string& group, std::vector<FlagSpec> flags) {
  for (FlagSpec& flag : flags) {
    flag.group = group;
    out.push_back(std::move(flag));
  }
}

FlagSpec choice(const std::string& name, const Json& default_value, const std::string& meaning,
                std::vector<std::string> choices) {
  return {name,           FlagType::kString, default_value, meaning, FlagArity::kOne,
          FlagUse::kUsed, std::move(choices)};
}

}  // namespace

std::vector<FlagSpec> training_flags() {
  std::vector<FlagSpec> out;
  grouped(
      out, "Advantage and loss",
      {choice("--advantage-estimator", "grpo", "how rewards become advantages",
              {"grpo", "gspo", "cispo", "reinforce_plus_plus", "reinforce_plus_plus_baseline"}),
       {"--disable-grpo-std-normalization", kSwitch, false, "subtract the group mean only"},
       {"--disable-rewards-normalization", kSwitch, false, "use rewards as they are"},
       {"--normalize-advantages", kSwitch, false, "whiten advantages over all trained tokens"},
       {"--gamma", kFloat, 1.0, "discount of reinforce_plus_plus"},
       {"--eps-clip", kFloat, 0.2, "lower clip distance of the ratio from 1"},
       {"--eps-clip-high", kFloat, kNone, "upper clip distance; unset: the lower one"},
       {"--eps-clip-c", kFloat, kNone,
        "dual clip: bound of the loss at negative advantages; above 1"},
       {"--entropy-coef", kFloat, 0.0, "weight of the entropy bonus"},
       {"--use-kl-loss", kSwitch, false,
        "KL to the reference as a metric, and in the loss by its coefficient"},
       {"--kl-loss-coef", kFloat, 0.0,
        "that coefficient; at 0 the reference pass is only made for the metric"},
       choice("--kl-loss-type", "k1", "KL estimator", {"k1", "k2", "k3", "low_var_kl"}),
       {"--use-unbiased-kl", kSwitch, false, "weight the KL by the ratio"},
       {"--kl-coef", kFloat, 0.0, "KL subtracted from the reward; excludes --kl-loss-coef"},
       {"--use-tis", kSwitch, false, "truncated importance sampling of trainer against engine"},
       {"--tis-clip", kFloat, 2.0, "upper bound of its weight"},
       {"--tis-clip-low", kFloat, 0.0, "lower bound of its weight"},
       choice("--tis-mode", "truncate", "what happens outside the bounds",
              {"truncate", "mask", "icepop"}),
       choice("--tis-level", "token", "what has one weight", {"token", "sequence", "geometric"}),
       {"--custom-tis-function-path", kText, kNone,
        "the reference's built-in paths for the two flags above"},
       {"--get-mismatch-metrics", kSwitch, false, "those metrics without the correction"},
       {"--use-rollout-logprobs", kSwitch, false, "take the engine's log-probs as the old ones"},
       {"--use-opsm", kSwitch, false, "mask negative samples that drifted from the old policy"},
       {"--opsm-delta", kFloat, 1e-4, "mean log-ratio from which they are masked"},
       {"--calculate-per-token-loss", kSwitch, false, "mean over tokens instead of over samples"},
       {"--ref-update-interval", kInt, kNone,
        "rollouts after which the reference becomes the policy"}});
  grouped(
      out, "Training step",
      {{"--global-batch-size", kInt, kNone, "answers of one optimizer step"},
       {"--num-steps-per-rollout", kInt, kNone,
        "optimizer steps of a rollout, instead of --global-batch-size"},
       {"--micro-batch-size", kInt, 1,
        "answers of one forward pass without --use-dynamic-batch-size"},
       {"--use-dynamic-batch-size", kSwitch, false, "pack answers into micro-batches by tokens"},
       {"--max-tokens-per-gpu", kInt, kNone, "tokens of a packed micro-batch"},
       {"--log-probs-max-tokens-per-gpu", kInt, kNone, "the same for passes without a gradient"},
       {"--log-probs-chunk-size", kInt, -1, "tokens of the head at a time; -1: chosen by memory"},
       {"--balance-data", kSwitch, false, "even out micro-batches by their FLOPs"},
       {"--balance-by-flops", kSwitch, false, "even them out regardless of the token cap"},
       choice("--recompute-granularity", kNone, "recompute activations in backward",
              {"full", "selective"}),
       choice("--recompute-method", kNone, "which layers together", {"uniform", "block"}),
       {"--recompute-num-layers", kInt, kNone, "layers of one recomputed unit"},
       choice("--non-finite", "stop", "at a loss or gradient that is not finite",
              {"stop", "skip"})});
  grouped(out, "Optimizer",
          {choice("--optimizer", "adam", "AdamW with fp32 master weights and moments", {"adam"}),
           {"--lr", kFloat, 1e-6, "peak learning rate"},
           {"--min-lr", kFloat, 0.0, "learning rate at the end of the decay"},
           choice("--lr-decay-style", "linear", "shape of the schedule",
                  {"constant", "linear", "cosine", "inverse-square-root", "WSD"}),
           {"--lr-decay-iters", kInt, kNone, "optimizer steps of the decay; unset: the whole run"},
           {"--lr-warmup-iters", kInt, 0, "optimizer steps of the warm-up"},
           {"--lr-warmup-fraction", kFloat, kNone, "the same as a part of the decay"},
           {"--lr-warmup-init", kFloat, 0.0, "learning rate before the warm-up"},
           {"--lr-wsd-decay-iters", kInt, kNone, "steps of the last phase of WSD"},
           choice("--lr-wsd-decay-style", "exponential", "its shape",
                  {"exponential", "linear", "cosine", "minus_sqrt"}),
           {"--weight-decay", kFloat, 0.01, "decoupled weight decay of matrices"},
           {"--adam-beta1", kFloat, 0.9, "decay of the first moment"},
           {"--adam-beta2", kFloat, 0.999, "decay of the second moment"},
           {"--adam-eps", kFloat, 1e-8, "added to the root of the second moment"},
           {"--clip-grad", kFloat, 1.0, "bound of the global gradient norm; 0: none"},
           {"--freeze-params-name-list", kText, kNone,
            "patterns of parameters that stay as they are", FlagArity::kList},
           {"--only-train-params-name-list", kText, kNone,
            "patterns of the parameters that are trained", FlagArity::kList}});
  return out;
}

std::vector<FlagSpec> flags_to_come() {
  const std::string ranks = "it needs several ranks, which this version does not have";
  const std::string async = "it belongs to asynchronous rollouts, which this version does not have";
  const std::string other = "this version does not have it";
  std::vector<FlagSpec> out;
  const auto add = [&](const std::string& reason, FlagType type,
                       std::vector<std::pair<std::string, Json>> flags) {
    for (auto& [name, default_value] : flags) {
      out.push_back({name, type, default_value, reason, FlagArity::kOne, FlagUse::kNotYet});
    }
  };
  add(ranks, kInt,
      {{"--tensor-model-parallel-size", 1},
       {"--pipeline-model-parallel-size", 1},
       {"--context-parallel-size", 1},
       {"--expert-model-parallel-size", 1},
       {"--expert-tensor-parallel-size", 1},
       {"--local-ranks", 1},
       {"--num-layers-per-virtual-pipeline-stage", kNone},
       {"--num-virtual-stages-per-pipeline-rank", kNone},
       {"--decoder-first-pipeline-num-layers", kNone},
       {"--decoder-last-pipeline-num-layers", kNone},
       {"--actor-num-nodes", 1},
       {"--actor-num-gpus-per-node", 1},
       {"--rollout-num-gpus", kNone},
       {"--rollout-num-gpus-per-engine", 1},
       {"--prefill-num-servers", kNone}});
  add(async, kInt, {{"--update-weights-interval", 1}, {"--max-staleness", 0}});
  add(async, kSwitch, {{"--use-fault-tolerance", false}});
  add(other, kSwitch,
      {{"--use-routing-replay", false},
       {"--use-rollout-routing-replay", false},
       {"--use-opd", false},
       {"--use-stateless-adam", false},
       {"--enable-mtp-training", false},
       {"--keep-old-actor", false},
       {"--optimizer-cpu-offload", false},
       {"--use-rollout-entropy", false},
       {"--exact", false}});
  add(other, kText,
      {{"--custom-advantage-function-path", kNone},
       {"--custom-loss-function-path", kNone},
       {"--custom-reward-post-process-path", kNone},
       {"--custom-pg-loss-reducer-function-path", kNone},
       {"--custom-convert-samples-to-train-data-path", kNone},
       {"--custom-rollout-log-function-path", kNone},
       {"--custom-eval-rollout-log-function-path", kNone},
       {"--rollout-sample-filter-path", kNone},
       {"--rollout-all-samples-process-path", kNone},
       {"--rollout-data-postprocess-path", kNone},
       {"--buffer-filter-path", kNone},
       {"--eval-config", kNone},
       {"--dump-details", kNone},
       {"--save-debug-train-data", kNone},
       {"--opd-type", kNone},
       {"--opd-teacher-load", kNone},
       {"--custom-megatron-init-path", kNone},
       {"--custom-megatron-before-log-prob-hook-path", kNone},
       {"--custom-megatron-before-train-step-hook-path", kNone},
       {"--custom-update-weight-post-write-path", kNone},
       {"--rollout-sample-hook-path", kNone},
       {"--loss-type", "policy_loss"},
       {"--yaml-cfg", kNone},
       {"--custom-config-path", kNone},
       {"--megatron-config-path", kNone},
       {"--sglang-config", kNone}});
  add("attention and hidden dropout would make trainer and engine disagree; only 0 is allowed",
      kFloat, {{"--attention-dropout", 0.0}, {"--hidden-dropout", 0.0}});
  add(other, kSwitch, {{"--fp16", false}, {"--reset-optimizer-states", false}});
  add("it belongs to the ppo estimator, which this version does not have", kFloat,
      {{"--lambd", 1.0}, {"--value-clip", 0.2}});
  add(other, kInt, {{"--eval-min-new-tokens", kNone}, {"--num-critic-only-steps", 0}});
  out.push_back({"--rollout-external-engine-addrs", kText, kNone,
                 "engines outside the process come with a later version", FlagArity::kList,
                 FlagUse::kNotYet});
  return out;
}

}  // namespace lapidary::cli
