#include "rl/advantage/token_advantages.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace lapidary::rl {

namespace {

constexpr double kVarianceFloor = 1e-8;

std::vector<double> kl_to_reference(const AdvantageInput& input, const AdvantageOptions& options) {
  std::vector<double> kl(input.loss_mask.size(), 0.0);
  if (options.kl_coef == 0) {
    return kl;
  }
  LAPIDARY_CHECK(input.old_log_probs.size() == kl.size() && input.ref_log_probs.size() == kl.size(),
                 "--kl-coef needs log-probs of policy and reference for ", kl.size(), " tokens");
  for (size_t t = 0; t < kl.size(); ++t) {
    kl[t] = kl_estimate(options.kl_kind, static_cast<double>(input.old_log_probs[t]) -
                                             static_cast<double>(input.ref_log_probs[t]));
  }
  return kl;
}

// The position behind the last unmasked token; 0 when there is none.
size_t end_of_unmasked(std::span<const int64_t> mask) {
  size_t end = mask.size();
  while (end > 0 && mask[end - 1] == 0) {
    --end;
  }
  return end;
}

void discounted_returns(const AdvantageInput& input, const AdvantageOptions& options,
                        TokenAdvantages& out) {
  const size_t rewarded = end_of_unmasked(input.loss_mask);
  double ahead = 0;
  for (size_t t = input.loss_mask.size(); t-- > 0;) {
    double reward = input.loss_mask[t] != 0 ? -options.kl_coef * out.kl[t] : 0.0;
    if (t + 1 == rewarded) {
      reward += input.reward;
    }
    ahead = reward + options.gamma * ahead;
    out.advantages[t] = ahead;
  }
  out.returns = out.advantages;
}

void generalized_advantages(const AdvantageInput& input, const AdvantageOptions& options,
                            TokenAdvantages& out) {
  const size_t length = input.loss_mask.size();
  LAPIDARY_CHECK(input.values.size() == length, "ppo needs a value for each of ", length,
                 " tokens, found ", input.values.size());
  const bool is_masked = options.ppo_penalty == PpoPenalty::kModelTokens;
  const size_t rewarded = is_masked ? end_of_unmasked(input.loss_mask) : length;
  double ahead = 0;
  double next_value = 0;
  for (size_t t = length; t-- > 0;) {
    const bool pays = !is_masked || input.loss_mask[t] != 0;
    double reward = pays ? -options.kl_coef * out.kl[t] : 0.0;
    if (t + 1 == rewarded) {
      reward += input.reward;
    }
    const auto value = static_cast<double>(input.values[t]);
    const double surprise = reward + options.gamma * next_value - value;
    ahead = surprise + options.gamma * options.lambd * ahead;
    out.advantages[t] = ahead;
    out.returns[t] = ahead + value;
    next_value = value;
  }
}

template <typename Visit>
void for_each_unmasked(const std::vector<std::vector<double>>& advantages,
                       std::span<const std::span<const int64_t>> loss_masks, const Visit& visit) {
  LAPIDARY_CHECK(advantages.size() == loss_masks.size(), advantages.size(), " samples, ",
                 loss_masks.size(), " masks");
  for (size_t i = 0; i < advantages.size(); ++i) {
    LAPIDARY_CHECK(advantages[i].size() == loss_masks[i].size(), "sample ", i, " has ",
                   advantages[i].size(), " advantages and ", loss_masks[i].size(), " mask values");
    for (size_t t = 0; t < advantages[i].size(); ++t) {
      if (loss_masks[i][t] != 0) {
        visit(advantages[i][t]);
      }
    }
  }
}

}  // namespace

TokenAdvantages token_advantages(const AdvantageInput& input, const AdvantageOptions& options) {
  const size_t length = input.loss_mask.size();
  TokenAdvantages out;
  out.kl = kl_to_reference(input, options);
  out.advantages.assign(length, input.reward);
  out.returns.assign(length, 0.0);
  switch (options.estimator) {
    case Estimator::kGrpo:
    case Estimator::kGspo:
    case Estimator::kCispo:
      out.returns = out.advantages;
      break;
    case Estimator::kReinforcePlusPlusBaseline:
      for (size_t t = 0; t < length; ++t) {
        out.advantages[t] -= options.kl_coef * out.kl[t];
      }
      out.returns = out.advantages;
      break;
    case Estimator::kReinforcePlusPlus:
      discounted_returns(input, options, out);
      break;
    case Estimator::kPpo:
      generalized_advantages(input, options, out);
      break;
  }
  if (options.distillation_coef != 0) {
    LAPIDARY_CHECK(input.teacher_log_probs.size() == length && input.old_log_probs.size() == length,
                   "distillation needs log-probs of student and teacher for ", length, " tokens");
    for (size_t t = 0; t < length; ++t) {
      out.advantages[t] -=
          options.distillation_coef * (static_cast<double>(input.old_log_probs[t]) -
                                       static_cast<double>(input.teacher_log_probs[t]));
    }
    if (options.estimator == Estimator::kReinforcePlusPlusBaseline) {
      out.returns = out.advantages;  // one and the same, until whitening
    }
  }
  return out;
}

MaskedMoments masked_moments(const std::vector<std::vector<double>>& advantages,
                             std::span<const std::span<const int64_t>> loss_masks) {
  MaskedMoments moments;
  for_each_unmasked(advantages, loss_masks, [&moments](double value) {
    moments = moments + MaskedMoments{1, value, value, value};
  });
  return moments;
}

double masked_squares(const std::vector<std::vector<double>>& advantages,
                      std::span<const std::span<const int64_t>> loss_masks, double mean) {
  double squares = 0;
  for_each_unmasked(advantages, loss_masks,
                    [&squares, mean](double value) { squares += (value - mean) * (value - mean); });
  return squares;
}

MaskedMoments operator+(const MaskedMoments& a, const MaskedMoments& b) {
  if (a.count == 0 || b.count == 0) {
    return a.count == 0 ? b : a;
  }
  return {a.count + b.count, a.sum + b.sum, std::min(a.least, b.least), std::max(a.most, b.most)};
}

void apply_whitening(std::vector<std::vector<double>>& advantages, const MaskedMoments& moments,
                     double squares) {
  // Equal values have themselves as their mean: a rounding of it would be blown up by 1e4.
  const bool is_flat = moments.count < 2 || moments.least == moments.most;
  const double mean = is_flat ? moments.least : moments.sum / moments.count;
  const double variance = is_flat ? 0.0 : squares / (moments.count - 1);
  for (std::vector<double>& sample : advantages) {
    for (double& value : sample) {
      value = moments.count > 0 ? (value - mean) / std::sqrt(variance + kVarianceFloor) : 0.0;
    }
  }
}

void whiten(std::vector<std::vector<double>>& advantages,
            std::span<const std::span<const int64_t>> loss_masks) {
  const MaskedMoments moments = masked_moments(advantages, loss_masks);
  const double mean = moments.count > 0 ? moments.sum / moments.count : 0.0;
  apply_whitening(advantages, moments, masked_squares(advantages, loss_masks, mean));
}

}  // namespace lapidary::rl
