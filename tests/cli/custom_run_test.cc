// Runs with the user's own Python (the modules of examples/custom), a reward server, and tools in
// the model's own notation.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "cli/train_run.h"
#include "loop/http_server.h"
#include "support/paths.h"

namespace lapidary::test {
namespace {

class CustomRun : public ::testing::Test {
 protected:
  CustomRun() { ::setenv("PYTHONPATH", project_path("examples/custom").c_str(), 1); }
  ~CustomRun() override { ::unsetenv("PYTHONPATH"); }

  ProgramResult train(std::vector<std::string> more) {
    more.insert(more.end(), {"--run-dir", bench_.file("run")});
    return run_program(bench_.words(1, more));
  }
  std::vector<Json> trajectories() {
    return read_json_lines(bench_.file("run/rollouts/rollout_0000000.jsonl"));
  }
  TrainBench bench_;
};

TEST_F(CustomRun, TakesTheUsersReward) {
  const ProgramResult result = train({"--custom-rm-path", "rewards.score"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(trajectories().size(), 8U);
  for (const Json& each : trajectories()) EXPECT_TRUE(each.contains("reward")) << each.dump();
}

TEST_F(CustomRun, GoesThroughTheUsersStepFunction) {
  const ProgramResult result = train({"--custom-generate-function-path", "generate.step"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(trajectories().size(), 8U);
}

TEST_F(CustomRun, AsksTheRewardServer) {
  HttpServer server({http_reply(200, "0.25")});
  const ProgramResult result = train({"--rm-type", "remote_rm", "--rm-url", server.url()});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(server.requests().size(), 8U);
  const Json row = read_json_lines(bench_.file("run/metrics.jsonl")).at(0);
  EXPECT_EQ(row["rollout/raw_reward"], 0.25) << row.dump();
}

TEST_F(CustomRun, CallsToolsInTheModelsNotation) {
  std::filesystem::copy_file(project_path("assets/tiny/chat_template.jinja"),
                             bench_.model() + "/chat_template.jinja",
                             std::filesystem::copy_options::overwrite_existing);
  const ProgramResult result =
      train({"--environment", "retool-native", "--rollout-max-context-len", "600"});
  ASSERT_EQ(result.status, 0) << result.err;
  constexpr int kOpenTool = 5;  // <|tool>
  const auto ids = trajectories().at(0)["tokens"]["prompt_ids"].get<std::vector<int>>();
  EXPECT_EQ(std::count(ids.begin(), ids.end(), kOpenTool), 1);
}

TEST_F(CustomRun, SaysWhatCannotBeLoadedBeforeItBegins) {
  const std::vector<std::vector<std::string>> wrong = {
      {"--custom-rm-path", "rewards.nosuch"},
      {"--custom-rm-path", "nosuch"},
      {"--custom-generate-function-path", "no_such_module.step"},
      {"--rm-type", "remote_rm"},
      {"--rm-type", "remote_rm", "--rm-url", "https://127.0.0.1/"}};
  for (const std::vector<std::string>& words : wrong) {
    const ProgramResult result = train(words);
    EXPECT_EQ(result.status, 2) << words[1];
    EXPECT_NE(result.err.find(words.size() == 2 ? words[1] : "https"), std::string::npos)
        << result.err;
  }
}

}  // namespace
}  // namespace lapidary::test
