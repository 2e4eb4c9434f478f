#include <gtest/gtest.h>

#include "rl/metrics/rollout_metrics.h"

namespace lapidary::rl {
namespace {

double value_of(const NamedValues& values, const std::string& name) {
  for (const auto& [found, value] : values) {
    if (found == name) {
      return value;
    }
  }
  ADD_FAILURE() << name << " is not there";
  return 0;
}

TEST(PassRates, GoByGroupIdWithGroupsOfAnySize) {
  const std::vector<double> rewards = {1, 0, 0, 1, 0, 0};
  const std::vector<Dim> ids = {0, 1, 0, 1, 0, 2};
  const NamedValues found = pass_rates(rewards, ids, 4);
  // Group 0: 1 of 3, group 1: 1 of 2, group 2: 0 of 1.
  EXPECT_NEAR(value_of(found, "pass@1"), (1.0 / 3 + 0.5 + 0) / 3, 1e-12);
  EXPECT_NEAR(value_of(found, "pass@2"), (2.0 / 3 + 1.0) / 2, 1e-12);
  EXPECT_EQ(found.size(), 2U);  // no group has four answers
}

TEST(RolloutMetrics, LeavesOutRatesWithoutDevicesAndTools) {
  AnswerFigures answer;
  answer.response_tokens = 4;
  answer.effective_tokens = 3;
  answer.reward = 1.0;
  RolloutFigures figures;
  figures.seconds = 2;
  const NamedValues found = rollout_metrics(std::vector<AnswerFigures>{answer}, figures);
  EXPECT_EQ(value_of(found, "rollout/response_len/mean"), 3);
  EXPECT_EQ(value_of(found, "perf/longest_sample_tokens_per_sec"), 2);
  for (const auto& [name, value] : found) {
    EXPECT_EQ(name.find("per_gpu"), std::string::npos) << name;
    EXPECT_EQ(name.find("non_generation"), std::string::npos) << name;
  }
}

TEST(IsRepetitive, LooksAtLongTextsOnly) {
  EXPECT_FALSE(is_repetitive(std::string(10000, 'a')));
  EXPECT_TRUE(is_repetitive(std::string(10001, 'a')));
  std::string varied;
  for (int i = 0; i < 4000; ++i) {
    varied += std::to_string(i * i);
  }
  EXPECT_FALSE(is_repetitive(varied));
}

}  // namespace
}  // namespace lapidary::rl
