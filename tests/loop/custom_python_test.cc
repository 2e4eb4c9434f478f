// The user's own Python, on the modules of examples/custom and on ones that fail.
#include <gtest/gtest.h>

#include <future>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "loop/custom_reward.h"
#include "loop/python_tools.h"
#include "rl/env/custom_episode.h"
#include "rl/env/tool_arguments.h"
#include "support/paths.h"

namespace lapidary::loop {
namespace {

constexpr const char* kBroken = R"(
import os
import time

def raises(sample):
    raise ValueError("no")

def wrong(sample):
    return [1]

def crashes(sample):
    os._exit(3)

def hangs(sample):
    time.sleep(60)
)";

class CustomPython : public ::testing::Test {
 protected:
  CustomPython() {
    write_file_atomically(scratch_.file("broken.py"), kBroken);
    sandbox::PythonWorkersOptions options;
    options.workers = 1;
    options.python_path = {test::project_path("examples/custom"), scratch_.path()};
    options.timeout_ms = 2'000;
    workers_ = sandbox::PythonWorkers::create(options);
  }
  RewardOutcome score(const std::string& function, const std::string& response) {
    rl::Prompt prompt;
    prompt.content = "2+3?";
    prompt.label = "5";
    rl::Trajectory trajectory;
    trajectory.tool_calls = 2;
    std::promise<RewardOutcome> promise;
    CustomReward reward(*workers_, function);
    reward.score({prompt, trajectory, response},
                 [&promise](RewardOutcome outcome) { promise.set_value(std::move(outcome)); });
    return promise.get_future().get();
  }
  ToolOutput call(PythonTools& tools, const rl::ToolCall& call) {
    std::promise<ToolOutput> promise;
    tools.submit(call, [&promise](ToolOutput output) { promise.set_value(std::move(output)); });
    return promise.get_future().get();
  }

  test::ScratchFolder scratch_;
  std::unique_ptr<sandbox::PythonWorkers> workers_;
};

TEST_F(CustomPython, RewardsAreWhatTheFunctionReturns) {
  EXPECT_EQ(score("rewards.score", "It is 5").reward, 1.0);
  EXPECT_EQ(score("rewards.score", "It is 6").reward, 0.0);
  EXPECT_EQ(score("rewards.score_with_parts", "5").reward, (Json{{"score", 1.0}, {"calls", 2}}));
}

TEST_F(CustomPython, AFailureIsAnErrorOfThatSample) {
  EXPECT_EQ(score("broken.raises", "5").error, "broken.raises: raised: ValueError: no");
  EXPECT_NE(score("broken.wrong", "5").error.find("must be a number or a dict, found array"),
            std::string::npos);
  EXPECT_NE(score("broken.crashes", "5").error.find("crashed"), std::string::npos);
  EXPECT_NE(score("broken.hangs", "5").error.find("timeout"), std::string::npos);
  EXPECT_EQ(score("rewards.score", "5").error, "") << "the pool goes on";
  EXPECT_THROW(score("rewards.nosuch", "5"), Error);
  EXPECT_EQ(workers_->statistics().by_status[sandbox::WorkerStatus::kCrashed], 1);
}

TEST_F(CustomPython, AStepFunctionLeadsAnEpisode) {
  PythonTools tools(*workers_, {{rl::kCustomStep, "generate.step"}}, nullptr,
                    "--custom-generate-function-path");
  const rl::TextCodec codec = {
      [](const std::string& text) { return std::vector<int64_t>(text.begin(), text.end()); },
      [](std::span<const int64_t> ids) { return std::string(ids.begin(), ids.end()); }};
  rl::EpisodeLimits limits;
  limits.max_context_tokens = 500;
  rl::CustomEpisode episode({1}, limits, codec, {});
  episode.begin();
  const auto write = [&](const std::string& text) {
    rl::GeneratedTurn turn;
    turn.tokens = codec.encode(text);
    turn.log_probs.resize(turn.tokens.size());
    const rl::Step step = episode.model_turn(turn);
    return episode.tool_results({call(tools, step.calls.at(0)).text});
  };
  ASSERT_EQ(write("hm").kind, rl::Step::Kind::kGenerate);
  EXPECT_NE(episode.trajectory().turns.back().text.find("Please end with"), std::string::npos);
  EXPECT_EQ(write(" 5").kind, rl::Step::Kind::kDone);
  EXPECT_EQ(episode.trajectory().status, rl::Status::kCompleted);
}

TEST_F(CustomPython, AToolAnswersTheModel) {
  PythonTools tools(*workers_, {{"price", "tools.price"}}, nullptr, "--custom-tools");
  EXPECT_EQ(call(tools, {"price", Json{{"article", "Pear"}}}).text,
            R"({"article":"pear","cents":55})");
  const ToolOutput missing = call(tools, {"price", Json{{"article", "plum"}}});
  EXPECT_TRUE(missing.text.starts_with("Error: KeyError")) << missing.text;
  EXPECT_EQ(missing.status, "raised");
  EXPECT_EQ(call(tools, {"nosuch", Json::object()}).status, "unknown");
}

TEST_F(CustomPython, AStepFunctionThatFailsEndsItsEpisode) {
  PythonTools tools(*workers_, {{rl::kCustomStep, "broken.raises"}}, nullptr, "x");
  const ToolOutput output = call(tools, {rl::kCustomStep, Json{{"state", Json::object()}}});
  EXPECT_EQ(parse_json(output.text, "output"), (Json{{"error", "raised: ValueError: no"}}));
}

}  // namespace
}  // namespace lapidary::loop
