// Properties of the losses beyond the vectors: gradients against finite differences in double
// precision, sums over micro-batches, exact zeros.
#include "rl/loss/policy_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"
#include "rl/loss/kl.h"
#include "rl/loss/reduction.h"
#include "rl/loss/value_loss.h"

namespace lapidary::rl {
namespace {

constexpr size_t kSamples = 4;
constexpr size_t kTokens = 6;

double uniform(uint64_t stream, size_t index) {
  return philox_uniform(5, stream, index);
}

// Four samples of six tokens; sample 3 is of rollout 2, as sample 2 is.
struct Step {
  std::vector<double> log_probs, entropy, advantages, old_log_probs, rollout_log_probs,
      ref_log_probs;
  std::vector<std::vector<int64_t>> masks;
  std::vector<Dim> rollout_ids = {0, 1, 2, 2};
  Reduction reduction = Reduction::kPerRollout;

  Step() {
    for (size_t i = 0; i < kSamples; ++i) {
      masks.emplace_back();
      for (size_t t = 0; t < kTokens; ++t) {
        const size_t n = i * kTokens + t;
        log_probs.push_back(-3 * uniform(0, n) - 0.1);
        entropy.push_back(2 * uniform(1, n));
        advantages.push_back(i % 2 == 0 ? 1.3 : -0.9);
        old_log_probs.push_back(log_probs.back() + 0.8 * (uniform(2, n) - 0.5));
        rollout_log_probs.push_back(old_log_probs.back() + 0.9 * (uniform(3, n) - 0.5));
        ref_log_probs.push_back(log_probs.back() + 1.2 * (uniform(4, n) - 0.5));
        masks.back().push_back(uniform(6, n) < 0.75 ? 1 : 0);
      }
    }
  }

  at::Tensor slice(const std::vector<double>& values, size_t begin, size_t end) const {
    return at::tensor(std::vector<double>(values.begin() + static_cast<long>(begin * kTokens),
                                          values.begin() + static_cast<long>(end * kTokens)),
                      at::kDouble);
  }

  // Samples [begin, end) as one micro-batch.
  PolicyLossInput input(size_t begin, size_t end) const {
    const std::vector<std::span<const int64_t>> views(masks.begin(), masks.end());
    const StepTotals totals = step_totals(views, rollout_ids, 3);
    PolicyLossInput input;
    input.log_probs = slice(log_probs, begin, end).requires_grad_(true);
    input.entropy = slice(entropy, begin, end).requires_grad_(true);
    input.advantages = slice(advantages, begin, end);
    input.old_log_probs = slice(old_log_probs, begin, end);
    input.rollout_log_probs = slice(rollout_log_probs, begin, end);
    input.ref_log_probs = slice(ref_log_probs, begin, end);
    std::vector<int64_t> mask;
    std::vector<double> weights;
    std::vector<int64_t> sample_of_token;
    for (size_t i = begin; i < end; ++i) {
      const std::vector<float> found = token_weights(masks[i], rollout_ids[i], totals, reduction);
      mask.insert(mask.end(), masks[i].begin(), masks[i].end());
      weights.insert(weights.end(), found.begin(), found.end());
      sample_of_token.insert(sample_of_token.end(), kTokens, static_cast<int64_t>(i - begin));
    }
    input.mask = at::tensor(mask, at::kLong).ne(0);
    input.weights = at::tensor(weights, at::kDouble);
    input.index.sample_of_token = at::tensor(sample_of_token, at::kLong);
    input.index.num_samples = static_cast<int64_t>(end - begin);
    return input;
  }
};

struct Named {
  const char* name;
  PolicyLossOptions options;
};

std::vector<Named> all_options() {
  PolicyLossOptions plain;
  plain.eps_clip_high = 0.28;
  PolicyLossOptions seed = plain;
  seed.entropy_coef = 0.01;
  seed.kl_kind = KlKind::kLowVariance;
  seed.kl_loss_coef = 0.2;
  PolicyLossOptions unbiased = seed;
  unbiased.is_kl_unbiased = true;
  unbiased.kl_kind = KlKind::kK3;
  PolicyLossOptions dual = plain;
  dual.eps_clip_c = 1.1;
  PolicyLossOptions gspo = plain;
  gspo.estimator = Estimator::kGspo;
  PolicyLossOptions opsm = plain;
  opsm.opsm_delta = 1e-4;
  PolicyLossOptions engine = plain;
  engine.uses_rollout_log_probs = true;
  return {{"plain", plain}, {"seed", seed}, {"unbiased kl", unbiased}, {"dual clip", dual},
          {"gspo", gspo},   {"opsm", opsm}, {"engine", engine}};
}

double loss_value(const Step& step, const PolicyLossOptions& options) {
  const at::NoGradGuard no_grad;
  return policy_loss(step.input(0, kSamples), options).loss.item<double>();
}

TEST(PolicyLoss, GradientsAreFiniteDifferences) {
  for (const auto& [name, options] : all_options()) {
    Step step;
    const PolicyLossInput input = step.input(0, kSamples);
    policy_loss(input, options).loss.backward();
    const at::Tensor gradient = input.log_probs.grad();
    constexpr double kNudge = 1e-6;
    for (size_t n = 0; n < kSamples * kTokens; ++n) {
      Step up = step;
      up.log_probs[n] += kNudge;
      Step down = step;
      down.log_probs[n] -= kNudge;
      const double expected = (loss_value(up, options) - loss_value(down, options)) / (2 * kNudge);
      EXPECT_NEAR(gradient[static_cast<int64_t>(n)].item<double>(), expected, 1e-7)
          << name << " token " << n;
    }
  }
}

TEST(PolicyLoss, CorrectedGradientsAreThoseOfFixedWeights) {
  // The weights depend on old and engine log-probs only, so finite differences hold here too.
  for (const MismatchLevel level :
       {MismatchLevel::kToken, MismatchLevel::kSequence, MismatchLevel::kGeometric}) {
    for (const MismatchBound bound : {MismatchBound::kClamp, MismatchBound::kMask}) {
      Step step;
      PolicyLossOptions options;
      options.mismatch = MismatchOptions{level, bound, 0.8, 1.2, 0.5};
      const PolicyLossInput input = step.input(0, kSamples);
      policy_loss(input, options).loss.backward();
      constexpr double kNudge = 1e-6;
      for (size_t n = 0; n < kSamples * kTokens; n += 5) {
        Step up = step;
        up.log_probs[n] += kNudge;
        const double expected = (loss_value(up, options) - loss_value(step, options)) / kNudge;
        EXPECT_NEAR(input.log_probs.grad()[static_cast<int64_t>(n)].item<double>(), expected, 1e-5);
      }
    }
  }
}

TEST(PolicyLoss, DoesNotDependOnMicroBatches) {
  for (const Reduction reduction : {Reduction::kPerRollout, Reduction::kPerToken}) {
    for (const auto& [name, options] : all_options()) {
      Step step;
      step.reduction = reduction;
      const PolicyLossInput whole = step.input(0, kSamples);
      const at::Tensor loss = policy_loss(whole, options).loss;
      loss.backward();
      const PolicyLossInput first = step.input(0, 3);
      const PolicyLossInput second = step.input(3, 4);
      const at::Tensor parts = policy_loss(first, options).loss + policy_loss(second, options).loss;
      parts.backward();
      EXPECT_NEAR(parts.item<double>(), loss.item<double>(), 1e-12) << name;
      const at::Tensor gradient = at::cat({first.log_probs.grad(), second.log_probs.grad()});
      EXPECT_LE((gradient - whole.log_probs.grad()).abs().max().item<double>(), 1e-12) << name;
    }
  }
}

TEST(PolicyLoss, MaskedTokensHaveNoGradientWhateverTheyHold) {
  for (const auto& [name, options] : all_options()) {
    Step step;
    step.masks[0][1] = 0;
    step.log_probs[1] = 500;
    step.old_log_probs[1] = -1000;
    step.ref_log_probs[1] = 1000;
    step.rollout_log_probs[1] = -1000;
    const PolicyLossInput input = step.input(0, kSamples);
    const at::Tensor loss = policy_loss(input, options).loss;
    loss.backward();
    EXPECT_TRUE(loss.isfinite().item<bool>()) << name;
    EXPECT_TRUE(input.log_probs.grad().isfinite().all().item<bool>()) << name;
    EXPECT_EQ(input.log_probs.grad()[1].item<double>(), 0.0) << name;
  }
}

TEST(PolicyLoss, AZeroAdvantageIsZeroWhateverTheRatio) {
  const at::Tensor log_ratio = at::tensor({1000.0, -1000.0, 0.0}, at::kDouble).requires_grad_(true);
  const at::Tensor advantages = at::tensor({0.0, 0.0, 0.0}, at::kDouble);
  const ClippedObjective found = clipped_objective(log_ratio, advantages, {});
  found.loss.sum().backward();
  EXPECT_EQ(found.loss.abs().max().item<double>(), 0.0);
  EXPECT_EQ(log_ratio.grad().abs().max().item<double>(), 0.0);
}

TEST(PolicyLoss, CispoWeighsTheLogProbByTheClippedRatio) {
  Step step;
  PolicyLossOptions options;
  options.estimator = Estimator::kCispo;
  const PolicyLossInput input = step.input(0, kSamples);
  policy_loss(input, options).loss.backward();
  const at::Tensor ratio = (input.log_probs.detach() - input.old_log_probs).exp().clamp(0.8, 1.2);
  const at::Tensor expected = -ratio * input.advantages * input.weights;
  EXPECT_LE((input.log_probs.grad() - expected).abs().max().item<double>(), 1e-12);
}

TEST(PolicyLoss, VetoedSamplesAreLeftOut) {
  Step step;
  step.masks[1] = std::vector<int64_t>(kTokens, 1);
  step.rollout_log_probs[kTokens] = step.old_log_probs[kTokens] + 20;  // ratio e^-20
  PolicyLossOptions options;
  options.mismatch = MismatchOptions{MismatchLevel::kToken, MismatchBound::kClamp, 0, 2, 1e-4};
  const PolicyLossInput input = step.input(0, kSamples);
  policy_loss(input, options).loss.backward();
  EXPECT_EQ(input.log_probs.grad().narrow(0, kTokens, kTokens).abs().max().item<double>(), 0.0);
  EXPECT_GT(input.log_probs.grad().narrow(0, 0, kTokens).abs().max().item<double>(), 0.0);
}

TEST(PolicyLoss, RefusesOptionsThatContradictEachOther) {
  PolicyLossOptions options;
  options.eps_clip_c = 1.0;
  options.mismatch = MismatchOptions{};
  options.uses_rollout_log_probs = true;
  try {
    validate(options);
    FAIL() << "validate() found nothing";
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("--eps-clip-c"), std::string::npos) << message;
    EXPECT_NE(message.find("--use-tis"), std::string::npos) << message;
  }
}

TEST(KlTensor, AgreesWithTheNumberAndStopsBeyondTheClamp) {
  const std::vector<double> ratios = {-800, -20, -3, -0.5, 0, 0.5, 3, 20, 800};
  for (const KlKind kind : {KlKind::kK1, KlKind::kK2, KlKind::kLowVariance}) {
    const at::Tensor log_ratio = at::tensor(ratios, at::kDouble).requires_grad_(true);
    const at::Tensor kl = kl_tensor(kind, log_ratio, at::Tensor());
    kl.sum().backward();
    for (size_t i = 0; i < ratios.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      EXPECT_DOUBLE_EQ(kl[at].item<double>(), kl_estimate(kind, ratios[i]));
      if (kind == KlKind::kLowVariance && std::abs(ratios[i]) > 15) {
        EXPECT_EQ(log_ratio.grad()[at].item<double>(), 0.0);
      }
    }
  }
}

TEST(SftLoss, IsTheMeanOfNegativeLogProbs) {
  const at::Tensor log_probs = at::tensor({-1.0, -2.0, -4.0}, at::kDouble);
  const at::Tensor mask = at::tensor({1, 0, 1}, at::kLong).ne(0);
  const at::Tensor weights = at::tensor({0.5, 0.0, 0.5}, at::kDouble);
  EXPECT_DOUBLE_EQ(sft_loss(log_probs, weights, mask).item<double>(), 2.5);
}

}  // namespace
}  // namespace lapidary::rl
