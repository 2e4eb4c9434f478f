#include <gtest/gtest.h>

#include <numeric>

#include "base/rng.h"
#include "rl/advantage/group_rewards.h"
#include "rl/advantage/token_advantages.h"

namespace lapidary::rl {
namespace {

TEST(GroupRewards, EqualRewardsGetExactlyZero) {
  for (const double value : {-1.05, -0.6, 0.1, 1.0 / 3, 1e-9, 1e9, 0.0}) {
    for (size_t count = 1; count < 40; ++count) {
      const std::vector<double> rewards(count, value);
      const std::vector<Dim> ids(count, 7);
      for (const double normalized : group_rewards(rewards, ids, {})) {
        ASSERT_EQ(normalized, 0.0) << value << " x " << count;
      }
    }
  }
}

TEST(GroupRewards, GoByIdAndNotByPlace) {
  const std::vector<double> rewards = {1, 0, 0, 1, 1, 0, 5};
  const std::vector<Dim> ids = {3, 3, 9, 9, 3, 9, 4};
  const std::vector<double> found = group_rewards(rewards, ids, {});
  const std::vector<double> first =
      group_rewards(std::vector<double>{1, 0, 1}, std::vector<Dim>(3), {});
  EXPECT_EQ((std::vector<double>{found[0], found[1], found[4]}), first);
  EXPECT_EQ(found[6], 0.0);
}

TEST(TokenAdvantages, PpoChargesAndRewardsModelTokensOnly) {
  const std::vector<int64_t> mask = {1, 1, 0};
  const std::vector<float> policy = {0, 0, 0};
  const std::vector<float> reference = {-1, -1, -1};
  const std::vector<float> values = {0, 0, 0};
  AdvantageInput input;
  input.reward = 2;
  input.loss_mask = mask;
  input.old_log_probs = policy;
  input.ref_log_probs = reference;
  input.values = values;
  AdvantageOptions options;
  options.estimator = Estimator::kPpo;
  options.kl_coef = 0.5;
  EXPECT_EQ(token_advantages(input, options).advantages, (std::vector<double>{1.0, 1.5, 0.0}));
  options.ppo_penalty = PpoPenalty::kAllTokens;
  EXPECT_EQ(token_advantages(input, options).advantages, (std::vector<double>{0.5, 1.0, 1.5}));
}

TEST(TokenAdvantages, AFullyMaskedSampleEarnsNothing) {
  const std::vector<int64_t> mask = {0, 0};
  AdvantageInput input;
  input.reward = 3;
  input.loss_mask = mask;
  AdvantageOptions options;
  options.estimator = Estimator::kReinforcePlusPlus;
  EXPECT_EQ(token_advantages(input, options).advantages, (std::vector<double>{0.0, 0.0}));
}

struct Batch {
  std::vector<std::vector<double>> advantages;
  std::vector<std::vector<int64_t>> masks;
  std::vector<std::span<const int64_t>> views() const { return {masks.begin(), masks.end()}; }
};

Batch random_batch(uint64_t seed) {
  Batch batch;
  for (uint64_t i = 0; i < 6; ++i) {
    const auto length = static_cast<size_t>(1 + 9 * philox_uniform(seed, i, 0));
    std::vector<double>& values = batch.advantages.emplace_back();
    std::vector<int64_t>& mask = batch.masks.emplace_back();
    for (size_t t = 0; t < length; ++t) {
      values.push_back(1e3 + philox_uniform(seed, i, 2 * t + 1));
      mask.push_back(philox_uniform(seed, i, 2 * t + 2) < 0.7 ? 1 : 0);
    }
  }
  return batch;
}

TEST(Whitening, GivesMeanZeroAndVarianceOneOverUnmaskedTokens) {
  Batch batch = random_batch(1);
  whiten(batch.advantages, batch.views());
  double sum = 0;
  double squares = 0;
  double count = 0;
  for (size_t i = 0; i < batch.masks.size(); ++i) {
    for (size_t t = 0; t < batch.masks[i].size(); ++t) {
      if (batch.masks[i][t] != 0) {
        sum += batch.advantages[i][t];
        squares += batch.advantages[i][t] * batch.advantages[i][t];
        ++count;
      }
    }
  }
  EXPECT_NEAR(sum / count, 0.0, 1e-9);
  EXPECT_NEAR(squares / (count - 1), 1.0, 1e-6);
}

TEST(Whitening, IsTheSameOverRanks) {
  Batch whole = random_batch(2);
  Batch left = whole;
  Batch right = whole;
  left.advantages.resize(2);
  left.masks.resize(2);
  right.advantages.erase(right.advantages.begin(), right.advantages.begin() + 2);
  right.masks.erase(right.masks.begin(), right.masks.begin() + 2);
  const MaskedMoments moments = masked_moments(left.advantages, left.views()) +
                                masked_moments(right.advantages, right.views());
  const double mean = moments.sum / moments.count;
  const double squares = masked_squares(left.advantages, left.views(), mean) +
                         masked_squares(right.advantages, right.views(), mean);
  apply_whitening(left.advantages, moments, squares);
  apply_whitening(right.advantages, moments, squares);
  whiten(whole.advantages, whole.views());
  left.advantages.insert(left.advantages.end(), right.advantages.begin(), right.advantages.end());
  for (size_t i = 0; i < whole.advantages.size(); ++i) {
    for (size_t t = 0; t < whole.advantages[i].size(); ++t) {
      EXPECT_NEAR(left.advantages[i][t], whole.advantages[i][t], 1e-9);
    }
  }
}

}  // namespace
}  // namespace lapidary::rl
