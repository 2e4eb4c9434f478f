// The reference vectors, each file through the code that lapidary-check runs on it.
#include <set>

#include "lapidary_check/checks.h"
#include "rl/oracle_cases.h"

namespace lapidary::test {

TEST(Oracle, Advantages) {
  const Tolerance whitened = [](const Json& test_case) {
    return test_case["input"].value("normalize_advantages", false) ? 1e-3 : kOracleTolerance;
  };
  expect_oracle("advantages", 102, check::evaluate_advantages, nullptr, whitened);
}

TEST(Oracle, PolicyLoss) {
  expect_oracle("policy-loss", 82, check::evaluate_policy_loss);
}

TEST(Oracle, ContextParallelLoss) {
  expect_oracle("cp-loss", 10, check::evaluate_cp_loss);
}

TEST(Oracle, LogProbsAndEntropy) {
  expect_oracle("logprob-entropy", 21, check::evaluate_logprob_entropy);
}

TEST(Oracle, Packing) {
  expect_oracle("packing", 99, check::evaluate_packing);
}

TEST(Oracle, PromptData) {
  // A batch larger than the data goes on wrapping; the reference returns fewer groups than asked.
  const Adjust wraps = [](const Json& test_case, Json expected) {
    if (test_case["id"] == "get_samples-005") {
      const auto group = [](int index) {
        return Json{
            {"label", std::to_string(index % 3)}, {"group_index", index}, {"indices", {index}}};
      };
      expected["results"] = Json::array();
      for (int call = 0; call < 2; ++call) {
        Json groups = Json::array();
        for (int i = 0; i < 8; ++i) {
          groups.push_back(group(8 * call + i));
        }
        expected["results"].push_back(
            Json{{"groups", groups}, {"epoch", call == 0 ? 2 : 5}, {"offset", call == 0 ? 2 : 1}});
      }
    }
    return expected;
  };
  expect_oracle("data", 56, check::evaluate_data, wraps);
}

TEST(Oracle, MetricValues) {
  expect_oracle("metrics-values", 13, check::evaluate_metrics_values);
}

TEST(Oracle, RetoolParse) {
  expect_oracle("retool-parse", 108, check::evaluate_retool_parse);
}

TEST(Oracle, RetoolEpisode) {
  expect_oracle("retool-episode", 41, check::evaluate_retool_episode);
}

TEST(Oracle, RewardDapo) {
  expect_oracle("reward-dapo", 119, check::evaluate_reward_dapo);
}

TEST(Oracle, RewardMath) {
  expect_oracle("reward-math", 245, check::evaluate_reward_math);
}

TEST(Oracle, RewardOther) {
  expect_oracle("reward-other", 103, check::evaluate_reward_other);
}

TEST(Oracle, RewardRetool) {
  expect_oracle("reward-retool", 35, check::evaluate_reward_retool);
}

// Any field that is missing or empty is a result or an exception, never the end of the program.
TEST(CheckKinds, TakeCasesWithMissingAndEmptyFields) {
  for (const check::Kind& kind : check::kinds()) {
    if (kind.name == "parse-tools" || kind.name == "retool-sandbox") {
      continue;  // other files; a sandbox
    }
    std::set<std::string> seen;
    for (const Json& test_case : oracle_cases(std::string(kind.name))) {
      if (!seen.insert(test_case["kind"].get<std::string>()).second) {
        continue;
      }
      for (const auto& field : test_case["input"].items()) {
        for (const Json& value : {Json(), Json::array(), Json("x"), Json(-1), Json::object()}) {
          Json broken = test_case;
          broken["input"][field.key()] = value;
          try {
            EXPECT_TRUE(kind.evaluate(JsonObject(broken, "case")).is_object());
          } catch (const std::exception&) {
          }
        }
      }
    }
  }
}

}  // namespace lapidary::test
