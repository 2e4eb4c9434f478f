// From the reward of a sample to the advantage of each of its response tokens.
//
// Worked example. Reward 2, mask {1, 0, 1}, no KL penalty: grpo gives {2, 2, 2}; with gamma 0.5
// reinforce_plus_plus puts 2 on the last unmasked token and discounts backwards: {0.5, 1, 2}.
#pragma once

#include <span>
#include <vector>

#include "base/dim.h"
#include "rl/advantage/estimator.h"
#include "rl/kl_kind.h"

namespace lapidary::rl {

// Which tokens of a ppo sample pay the KL penalty, and where its reward stands.
enum class PpoPenalty {
  kModelTokens,  // tokens of the model pay; the reward stands on the last of them
  kAllTokens,    // as slime: tool tokens pay too; the reward stands on the last token of all
};

struct AdvantageOptions {
  Estimator estimator = Estimator::kGrpo;
  double kl_coef = 0.0;
  KlKind kl_kind = KlKind::kK1;
  double gamma = 1.0;
  double lambd = 1.0;
  PpoPenalty ppo_penalty = PpoPenalty::kModelTokens;
  double distillation_coef = 0.0;  // --opd-kl-coef; 0 without --use-opd
};

// One sample; every list is over its response tokens, and empty where it is not needed.
struct AdvantageInput {
  double reward = 0.0;  // group-relative, where the estimator wants that
  std::span<const int64_t> loss_mask;
  std::span<const float> old_log_probs;
  std::span<const float> ref_log_probs;      // needed when kl_coef is not 0
  std::span<const float> teacher_log_probs;  // needed when distillation_coef is not 0
  std::span<const float> values;             // needed by ppo
};

struct TokenAdvantages {
  std::vector<double> advantages;  // [response]
  std::vector<double> returns;     // [response]
  std::vector<double> kl;          // [response] of the old policy against the reference, or 0
};

// grpo, gspo, cispo: the reward. reinforce_plus_plus_baseline: reward - kl_coef x kl.
// reinforce_plus_plus: discounted sum of -kl_coef x kl on unmasked tokens and the reward on the
// last of them. ppo: generalised advantage estimation over the values. Distillation then takes coef
// x (old - teacher) from each. A sample without an unmasked token gets no reward.
TokenAdvantages token_advantages(const AdvantageInput& input, const AdvantageOptions& options);

// (A - mean) / sqrt(var + 1e-8) over all unmasked tokens of all samples; masked ones are moved too.
// The variance is taken about the mean, with N - 1 in the divisor when N >= 2. Equal values, a lone
// one and none at all give zeros.
void whiten(std::vector<std::vector<double>>& advantages,
            std::span<const std::span<const int64_t>> loss_masks);

// The same over several ranks: moments are added up, then applied.
struct MaskedMoments {
  double count = 0;
  double sum = 0;
  double least = 0;  // of the unmasked values; 0 when there are none
  double most = 0;
};
MaskedMoments masked_moments(const std::vector<std::vector<double>>& advantages,
                             std::span<const std::span<const int64_t>> loss_masks);
double masked_squares(const std::vector<std::vector<double>>& advantages,
                      std::span<const std::span<const int64_t>> loss_masks, double mean);
MaskedMoments operator+(const MaskedMoments& a, const MaskedMoments& b);
void apply_whitening(std::vector<std::vector<double>>& advantages, const MaskedMoments& moments,
                     double squares);

}  // namespace lapidary::rl
