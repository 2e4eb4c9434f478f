// Flags as the trainers understand them.
#include "cli/training_options.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "cli/train_flags.h"

namespace lapidary::cli {
namespace {

FlagSet flags_of(const std::vector<std::string>& words) {
  FlagSet flags(train_flag_table());
  flags.apply_command_line(words);
  return flags;
}

loop::PolicyTrainerOptions options_of(const std::vector<std::string>& words) {
  return policy_trainer_options(flags_of(words), {.global_batch_size = 32, .num_steps = 200});
}

std::string error_of(const std::vector<std::string>& words) {
  try {
    options_of(words);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    return error.what();
  }
  return "no error";
}

TEST(TrainingOptions, DefaultsAreThoseOfTheReference) {
  const loop::PolicyTrainerOptions options = options_of({});
  EXPECT_EQ(options.loss.estimator, rl::Estimator::kGrpo);
  EXPECT_EQ(options.loss.eps_clip_high, options.loss.eps_clip);
  EXPECT_FALSE(options.loss.mismatch.has_value());
  EXPECT_FALSE(loop::PolicyTrainer::needs_reference(options));
  EXPECT_EQ(options.batch.global_batch_size, 32);
  EXPECT_EQ(options.batch.filling, rl::BinFilling::kFixedCount);
  EXPECT_EQ(options.reduction, rl::Reduction::kPerRollout);
  EXPECT_EQ(options.update.lr.decay, train::LrDecay::kLinear);
  EXPECT_EQ(options.update.lr.max_lr, 1e-6);
  EXPECT_EQ(options.update.lr.decay_steps, 200);
  EXPECT_EQ(options.update.adam.beta2, 0.999);
  EXPECT_EQ(options.update.clip_grad, 1.0);
  EXPECT_EQ(options.non_finite, loop::NonFinitePolicy::kStop);
}

TEST(TrainingOptions, FlagsReachTheirPlace) {
  const loop::PolicyTrainerOptions options = options_of({"--eps-clip-high",
                                                         "0.28",
                                                         "--use-kl-loss",
                                                         "--kl-loss-type",
                                                         "low_var_kl",
                                                         "--use-tis",
                                                         "--tis-mode",
                                                         "icepop",
                                                         "--tis-clip-low",
                                                         "0.5",
                                                         "--use-dynamic-batch-size",
                                                         "--max-tokens-per-gpu",
                                                         "9216",
                                                         "--balance-data",
                                                         "--calculate-per-token-loss",
                                                         "--lr-decay-style",
                                                         "WSD",
                                                         "--lr-wsd-decay-iters",
                                                         "20",
                                                         "--lr-warmup-fraction",
                                                         "0.1",
                                                         "--recompute-granularity",
                                                         "full",
                                                         "--non-finite",
                                                         "skip",
                                                         "--rollout-temperature",
                                                         "0.8",
                                                         "--freeze-params-name-list",
                                                         "embed_tokens",
                                                         "router"});
  EXPECT_EQ(options.loss.eps_clip_high, 0.28);
  EXPECT_EQ(options.loss.kl_kind, rl::KlKind::kLowVariance);
  EXPECT_TRUE(loop::PolicyTrainer::needs_reference(options));  // the metric is asked for
  EXPECT_EQ(options.loss.mismatch->bound, rl::MismatchBound::kMask);
  EXPECT_EQ(options.loss.mismatch->low, 0.5);
  EXPECT_EQ(options.batch.filling, rl::BinFilling::kFirstFit);
  EXPECT_EQ(options.batch.max_tokens, 9216);
  EXPECT_TRUE(options.batch.is_balanced);
  EXPECT_EQ(options.batch.recompute, model::Recompute::kLayers);
  EXPECT_EQ(options.reduction, rl::Reduction::kPerToken);
  EXPECT_EQ(options.update.lr.warmup_steps, 20);
  EXPECT_EQ(options.update.lr.wsd_steps, 20);
  EXPECT_EQ(options.temperature, 0.8);
  EXPECT_EQ(options.parameters.frozen, (std::vector<std::string>{"embed_tokens", "router"}));
  EXPECT_EQ(options.non_finite, loop::NonFinitePolicy::kSkip);
}

TEST(TrainingOptions, ContradictionsNameTheirFlags) {
  EXPECT_NE(error_of({"--use-dynamic-batch-size"}).find("--max-tokens-per-gpu"), std::string::npos);
  EXPECT_NE(error_of({"--balance-by-flops"}).find("--use-dynamic-batch-size"), std::string::npos);
  EXPECT_NE(error_of({"--kl-loss-coef", "0.1"}).find("--use-kl-loss"), std::string::npos);
  EXPECT_NE(
      error_of({"--use-kl-loss", "--kl-loss-coef", "0.1", "--kl-coef", "0.1"}).find("exclude"),
      std::string::npos);
  EXPECT_NE(
      error_of({"--advantage-estimator", "reinforce_plus_plus"}).find("--normalize-advantages"),
      std::string::npos);
  EXPECT_NE(error_of({"--lr-warmup-iters", "2", "--lr-warmup-fraction", "0.1"}).find("exclude"),
            std::string::npos);
  EXPECT_NE(error_of({"--rollout-temperature", "0"}).find("--rollout-temperature"),
            std::string::npos);
  EXPECT_NE(error_of({"--use-tis", "--use-rollout-logprobs"}).find("exclude"), std::string::npos);
  EXPECT_NE(error_of({"--use-tis", "--custom-tis-function-path", "mine.weights"}).find("icepop"),
            std::string::npos);
}

}  // namespace
}  // namespace lapidary::cli
