#include "cli/training_options.h"

#include "base/check.h"
#include "base/log.h"

namespace lapidary::cli {

namespace {

rl::MismatchOptions mismatch_options(const FlagSet& flags) {
  rl::MismatchOptions out{.low = flags.get_double("--tis-clip-low"),
                          .high = flags.get_double("--tis-clip")};
  const std::string level = flags.get_string("--tis-level");
  if (level == "sequence") out.level = rl::MismatchLevel::kSequence;
  if (level == "geometric") out.level = rl::MismatchLevel::kGeometric;
  if (flags.get_string("--tis-mode") != "truncate") out.bound = rl::MismatchBound::kMask;
  const std::string path = flags.get_string("--custom-tis-function-path");
  if (path.ends_with(".icepop_function")) {
    out.bound = rl::MismatchBound::kMask;
  } else if (!path.empty() && !path.ends_with(".vanilla_tis_function")) {
    fail(ErrorKind::kInvalidArgument, "--custom-tis-function-path is ", path,
         "; it can be slime.backends.megatron_utils.loss.icepop_function or "
         "slime.backends.megatron_utils.loss.vanilla_tis_function (--tis-mode and --tis-level name "
         "the others)");
  }
  return out;
}

rl::PolicyLossOptions loss_options(const FlagSet& flags) {
  rl::PolicyLossOptions out;
  out.estimator = rl::estimator_from_name(flags.get_string("--advantage-estimator"));
  out.eps_clip = flags.get_double("--eps-clip");
  out.eps_clip_high =
      flags.has("--eps-clip-high") ? flags.get_double("--eps-clip-high") : out.eps_clip;
  if (flags.has("--eps-clip-c")) out.eps_clip_c = flags.get_double("--eps-clip-c");
  if (flags.get_bool("--use-kl-loss"))
    out.kl_kind = rl::kl_kind_from_name(flags.get_string("--kl-loss-type"));
  out.kl_loss_coef = flags.get_double("--kl-loss-coef");
  out.is_kl_unbiased = flags.get_bool("--use-unbiased-kl");
  out.entropy_coef = flags.get_double("--entropy-coef");
  if (flags.get_bool("--use-tis") || flags.get_bool("--get-mismatch-metrics")) {
    out.mismatch = mismatch_options(flags);
    out.only_shows_mismatch = !flags.get_bool("--use-tis");
  }
  if (flags.get_bool("--use-opsm")) out.opsm_delta = flags.get_double("--opsm-delta");
  out.uses_rollout_log_probs = flags.get_bool("--use-rollout-logprobs");
  return out;
}

model::Recompute recompute(const FlagSet& flags) {
  const std::string granularity = flags.get_string("--recompute-granularity");
  if (granularity == "selective") {
    log_info(
        "--recompute-granularity selective: attention never keeps its scores, so there is "
        "nothing to recompute; 'full' keeps only the input of each layer");
  }
  if (granularity == "full" && flags.has("--recompute-num-layers") &&
      flags.get_int("--recompute-num-layers") > 1) {
    log_info("--recompute-num-layers: every layer is recomputed on its own, with the same values");
  }
  return granularity == "full" ? model::Recompute::kLayers : model::Recompute::kNone;
}

loop::BatchOptions batch_options(const FlagSet& flags, const TrainingScale& scale) {
  loop::BatchOptions out;
  out.global_batch_size = scale.global_batch_size;
  const bool balances_by_flops = flags.get_bool("--balance-by-flops");
  if (flags.get_bool("--use-dynamic-batch-size")) {
    out.filling = balances_by_flops ? rl::BinFilling::kBalanced : rl::BinFilling::kFirstFit;
    if (!flags.has("--max-tokens-per-gpu")) {
      fail(ErrorKind::kInvalidArgument,
           "--use-dynamic-batch-size needs --max-tokens-per-gpu: tokens of a micro-batch");
    }
    out.max_tokens = flags.get_int("--max-tokens-per-gpu");
  } else {
    if (balances_by_flops) {
      fail(ErrorKind::kInvalidArgument, "--balance-by-flops needs --use-dynamic-batch-size");
    }
    out.filling = rl::BinFilling::kFixedCount;
  }
  out.micro_batch_size = flags.get_int("--micro-batch-size");
  out.is_balanced = flags.get_bool("--balance-data");
  if (flags.has("--log-probs-max-tokens-per-gpu"))
    out.max_tokens_no_grad = flags.get_int("--log-probs-max-tokens-per-gpu");
  const int64_t chunk = flags.get_int("--log-probs-chunk-size");
  if (chunk == 0 || chunk < -1) {
    fail(ErrorKind::kInvalidArgument, "--log-probs-chunk-size is ", chunk,
         "; it must be above 0, or -1 to choose by memory");
  }
  out.head_chunk_tokens = chunk == -1 ? 0 : chunk;
  out.recompute = recompute(flags);
  loop::validate(out);
  return out;
}

train::LrScheduleOptions lr_options(const FlagSet& flags, const TrainingScale& scale) {
  train::LrScheduleOptions out;
  out.decay = train::lr_decay_from_name(flags.get_string("--lr-decay-style"));
  out.wsd_decay = train::wsd_decay_from_name(flags.get_string("--lr-wsd-decay-style"));
  out.max_lr = flags.get_double("--lr");
  out.min_lr = flags.get_double("--min-lr");
  out.init_lr = flags.get_double("--lr-warmup-init");
  out.decay_steps = static_cast<double>(
      flags.has("--lr-decay-iters") ? flags.get_int("--lr-decay-iters") : scale.num_steps);
  out.warmup_steps = static_cast<double>(flags.get_int("--lr-warmup-iters"));
  if (flags.has("--lr-warmup-fraction")) {
    if (flags.is_set("--lr-warmup-iters") && out.warmup_steps > 0) {
      fail(ErrorKind::kInvalidArgument,
           "--lr-warmup-iters and --lr-warmup-fraction exclude each other; give one");
    }
    const double fraction = flags.get_double("--lr-warmup-fraction");
    if (!(fraction >= 0 && fraction < 1)) {
      fail(ErrorKind::kInvalidArgument, "--lr-warmup-fraction is ", fraction,
           "; it must be at least 0 and below 1");
    }
    out.warmup_steps = fraction * out.decay_steps;
  }
  if (flags.has("--lr-wsd-decay-iters"))
    out.wsd_steps = static_cast<double>(flags.get_int("--lr-wsd-decay-iters"));
  return out;
}

train::UpdateOptions update_options(const FlagSet& flags, const TrainingScale& scale) {
  train::UpdateOptions out;
  out.adam = {.lr = flags.get_double("--lr"),
              .beta1 = flags.get_double("--adam-beta1"),
              .beta2 = flags.get_double("--adam-beta2"),
              .eps = flags.get_double("--adam-eps"),
              .weight_decay = flags.get_double("--weight-decay")};
  out.lr = lr_options(flags, scale);
  out.clip_grad = flags.get_double("--clip-grad");
  train::validate(out);
  return out;
}

train::ParameterPatterns parameter_patterns(const FlagSet& flags) {
  return {.frozen = flags.get_strings("--freeze-params-name-list"),
          .trainable = flags.get_strings("--only-train-params-name-list")};
}

loop::NonFinitePolicy non_finite(const FlagSet& flags) {
  return flags.get_string("--non-finite") == "skip" ? loop::NonFinitePolicy::kSkip
                                                    : loop::NonFinitePolicy::kStop;
}

rl::Reduction reduction(const FlagSet& flags) {
  return flags.get_bool("--calculate-per-token-loss") ? rl::Reduction::kPerToken
                                                      : rl::Reduction::kPerRollout;
}

}  // namespace

loop::PolicyTrainerOptions policy_trainer_options(const FlagSet& flags,
                                                  const TrainingScale& scale) {
  loop::PolicyTrainerOptions out;
  out.loss = loss_options(flags);
  out.group_rewards = {.estimator = out.loss.estimator,
                       .is_normalized = !flags.get_bool("--disable-rewards-normalization"),
                       .is_divided_by_std = !flags.get_bool("--disable-grpo-std-normalization")};
  out.advantages.estimator = out.loss.estimator;
  out.advantages.kl_coef = flags.get_double("--kl-coef");
  out.advantages.kl_kind = rl::kl_kind_from_name(flags.get_string("--kl-loss-type"));
  out.advantages.gamma = flags.get_double("--gamma");
  out.whitens_advantages = flags.get_bool("--normalize-advantages");
  out.reduction = reduction(flags);
  out.temperature = flags.get_double("--rollout-temperature");
  out.batch = batch_options(flags, scale);
  out.update = update_options(flags, scale);
  out.parameters = parameter_patterns(flags);
  out.non_finite = non_finite(flags);
  out.always_makes_reference_pass = flags.get_bool("--use-kl-loss");
  loop::validate(out);
  return out;
}

loop::SftTrainerOptions sft_trainer_options(const FlagSet& flags, const TrainingScale& scale) {
  loop::SftTrainerOptions out;
  out.reduction = reduction(flags);
  out.batch = batch_options(flags, scale);
  out.update = update_options(flags, scale);
  out.parameters = parameter_patterns(flags);
  out.non_finite = non_finite(flags);
  return out;
}

}  // namespace lapidary::cli
