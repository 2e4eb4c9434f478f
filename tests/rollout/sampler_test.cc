#include "rollout/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "base/error.h"
#include "base/rng.h"

namespace lapidary::rollout {
namespace {

std::vector<float> random_logits(size_t count, double spread, uint64_t seed) {
  std::vector<float> out(count);
  for (size_t i = 0; i < count; ++i) {
    out[i] = static_cast<float>(spread * (philox_uniform(seed, 1, i) - 0.5));
  }
  return out;
}

// The distribution by its definition, in double: softmax of logits / temperature over what top_k
// and then top_p keep.
std::vector<double> expected(const std::vector<float>& logits, const SamplingOptions& options) {
  std::vector<size_t> order(logits.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return logits[a] > logits[b]; });
  std::vector<double> p(logits.size(), 0.0);
  size_t kept = order.size();
  if (options.top_k > 0) kept = std::min(kept, static_cast<size_t>(options.top_k));
  const auto weight = [&](size_t i) {
    return std::exp((logits[order[i]] - logits[order[0]]) / options.temperature);
  };
  double total = 0.0;
  for (size_t i = 0; i < kept; ++i) total += weight(i);
  double mass = 0.0;
  size_t end = 0;
  while (end < kept && mass < options.top_p * total) mass += weight(end++);
  for (size_t i = 0; i < end; ++i) p[order[i]] = weight(i) / mass;
  return p;
}

// Draws at many positions and compares the counts with `p`: the statistic of chi-square over the
// cells that expect at least five, with its number of cells. A token of probability 0 fails.
struct ChiSquare {
  double statistic = 0.0;
  int cells = 0;
};
ChiSquare draw_and_compare(const std::vector<float>& logits, const SamplingOptions& options,
                           int draws) {
  const std::vector<double> p = expected(logits, options);
  std::vector<int> counts(logits.size(), 0);
  std::vector<float> scratch;
  for (int i = 0; i < draws; ++i) {
    const SampledToken token = sample_token(logits, options, 3, i, scratch);
    const auto id = static_cast<size_t>(token.id);
    EXPECT_GT(p[id], 0.0) << "token " << id << " is not in the support";
    EXPECT_NEAR(token.log_prob, std::log(p[id]), 2e-6 * (1.0 - std::log(p[id])));
    ++counts[id];
  }
  ChiSquare out;
  for (size_t i = 0; i < p.size(); ++i) {
    const double mean = p[i] * draws;
    if (mean < 5.0) continue;
    out.statistic += (counts[i] - mean) * (counts[i] - mean) / mean;
    ++out.cells;
  }
  return out;
}

// Mean of chi-square is cells - 1, its variance twice that: four deviations.
void expect_fits(const ChiSquare& found) {
  ASSERT_GT(found.cells, 2);
  const double freedom = found.cells - 1;
  EXPECT_LT(found.statistic, freedom + 4.0 * std::sqrt(2.0 * freedom));
  EXPECT_GT(found.statistic, freedom - 4.0 * std::sqrt(2.0 * freedom));
}

TEST(Sampler, DrawsFromTheSoftmax) {
  expect_fits(draw_and_compare(random_logits(40, 6.0, 1), {.seed = 7}, 20000));
}

TEST(Sampler, DrawsFromTheTemperedSoftmax) {
  expect_fits(draw_and_compare(random_logits(40, 6.0, 2), {.temperature = 0.6, .seed = 7}, 20000));
  expect_fits(draw_and_compare(random_logits(40, 6.0, 3), {.temperature = 2.5, .seed = 8}, 20000));
}

TEST(Sampler, DrawsFromWhatTopKKeeps) {
  expect_fits(draw_and_compare(random_logits(300, 6.0, 4), {.top_k = 11, .seed = 7}, 20000));
}

TEST(Sampler, DrawsFromWhatTopPKeeps) {
  expect_fits(draw_and_compare(random_logits(300, 8.0, 5), {.top_p = 0.7, .seed = 7}, 20000));
  // Flat: more tokens are kept than are ranked at first.
  expect_fits(draw_and_compare(random_logits(300, 0.5, 6), {.top_p = 0.9, .seed = 7}, 40000));
}

TEST(Sampler, TopPCountsTheMassOfWhatTopKKept) {
  const SamplingOptions options{.temperature = 0.8, .top_p = 0.6, .top_k = 20, .seed = 9};
  expect_fits(draw_and_compare(random_logits(200, 3.0, 7), options, 20000));
}

TEST(Sampler, WrongDistributionIsNoticed) {
  // The test's own power: draws at temperature 1 do not fit temperature 1.1.
  const std::vector<float> logits = random_logits(40, 6.0, 1);
  const std::vector<double> p = expected(logits, {.temperature = 1.1});
  std::vector<float> scratch;
  std::vector<int> counts(logits.size(), 0);
  for (int i = 0; i < 20000; ++i) {
    ++counts[static_cast<size_t>(sample_token(logits, {.seed = 7}, 3, i, scratch).id)];
  }
  double statistic = 0.0;
  for (size_t i = 0; i < p.size(); ++i) {
    statistic += std::pow(counts[i] - p[i] * 20000, 2) / (p[i] * 20000);
  }
  EXPECT_GT(statistic, 39 + 4.0 * std::sqrt(78.0));
}

TEST(Sampler, GreedyTakesTheLowestOfEqualsAtTemperatureOne) {
  const std::vector<float> logits{1.0F, 3.0F, 2.0F, 3.0F};
  std::vector<float> scratch;
  const SampledToken token = sample_token(logits, {.temperature = 0.0}, 0, 0, scratch);
  EXPECT_EQ(token.id, 1);
  EXPECT_NEAR(token.log_prob, -std::log(2.0 + std::exp(-1.0) + std::exp(-2.0)), 1e-6);
}

TEST(Sampler, TopOneAndTinyTopPAreGreedyWithLogProbZero) {
  const std::vector<float> logits{1.0F, 3.0F, 2.0F, 3.0F};
  std::vector<float> scratch;
  for (Dim position = 0; position < 50; ++position) {
    for (const SamplingOptions& options :
         {SamplingOptions{.top_k = 1}, SamplingOptions{.top_p = 1e-6}}) {
      const SampledToken token = sample_token(logits, options, 0, position, scratch);
      EXPECT_EQ(token.id, 1);
      EXPECT_EQ(token.log_prob, 0.0F);
    }
  }
}

TEST(Sampler, SuppressedTokensAreNeverGivenOut) {
  const std::vector<float> logits{9.0F, 3.0F, 2.0F, 2.5F};
  std::vector<float> scratch;
  const double rest = std::exp(3.0) + std::exp(2.5);
  for (Dim position = 0; position < 200; ++position) {
    SamplingOptions options{.seed = 5, .suppressed_ids = {0, 2}};
    for (const double top_p : {1.0, 0.999}) {
      options.top_p = top_p;
      const SampledToken token = sample_token(logits, options, 0, position, scratch);
      ASSERT_TRUE(token.id == 1 || token.id == 3) << token.id;
      EXPECT_NEAR(token.log_prob, std::log(std::exp(logits[static_cast<size_t>(token.id)]) / rest),
                  1e-6);
    }
    options.temperature = 0.0;
    EXPECT_EQ(sample_token(logits, options, 0, position, scratch).id, 1);
    options.temperature = 1.0;
    options.top_p = 1.0;
    options.top_k = 3;  // more than are left
    EXPECT_NE(sample_token(logits, options, 0, position, scratch).id, 2);
  }
}

TEST(Sampler, SeedStreamAndPositionEachChangeTheDraw) {
  const std::vector<float> logits(1000, 0.0F);
  std::vector<float> scratch;
  const auto draw = [&](uint64_t seed, uint64_t stream, Dim position) {
    return sample_token(logits, {.seed = seed}, stream, position, scratch).id;
  };
  EXPECT_EQ(draw(1, 2, 3), draw(1, 2, 3));
  int same = 0;
  for (Dim i = 0; i < 20; ++i) {
    same += draw(1, 2, i) == draw(2, 2, i);
    same += draw(1, 2, i) == draw(1, 3, i);
    same += draw(1, 2, i) == draw(1, 2, i + 1);
  }
  EXPECT_LE(same, 2);
}

TEST(Sampler, ExtremeLogitsStayFinite) {
  std::vector<float> scratch;
  const std::vector<float> logits{-1e30F, 1e30F, 0.0F};
  for (const double temperature : {0.0, 1e-4, 1.0}) {
    const SampledToken token = sample_token(logits, {.temperature = temperature}, 0, 0, scratch);
    EXPECT_EQ(token.id, 1) << temperature;
    EXPECT_EQ(token.log_prob, 0.0F) << temperature;
  }
}

TEST(Sampler, ALogitThatIsNotFiniteIsNamed) {
  std::vector<float> scratch;
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    const std::vector<float> logits{0.0F, 1.0F, bad, 2.0F};
    for (const double temperature : {0.0, 1.0}) {
      try {
        sample_token(logits, {.temperature = temperature}, 0, 0, scratch);
        ADD_FAILURE() << "no error for " << bad;
      } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("token 2"), std::string::npos) << error.what();
      }
    }
  }
}

TEST(Sampler, OptionsThatCannotBeMeantAreRefused) {
  EXPECT_NO_THROW(validate({}, 10));
  EXPECT_NO_THROW(validate({.temperature = 0.0, .top_p = 0.5, .top_k = -1}, 10));
  for (const SamplingOptions& wrong :
       {SamplingOptions{.temperature = -1.0}, SamplingOptions{.temperature = 1e-9},
        SamplingOptions{.temperature = std::nan("")}, SamplingOptions{.temperature = INFINITY},
        SamplingOptions{.top_p = 0.0}, SamplingOptions{.top_p = 1.5},
        SamplingOptions{.top_p = std::nan("")}, SamplingOptions{.suppressed_ids = {10}},
        SamplingOptions{.suppressed_ids = {-1}}}) {
    EXPECT_THROW(validate(wrong, 10), Error);
  }
  EXPECT_THROW(validate({.suppressed_ids = {0, 1, 1, 0}}, 2), Error);
  EXPECT_NO_THROW(validate({.suppressed_ids = {0, 0}}, 2));
}

}  // namespace
}  // namespace lapidary::rollout
