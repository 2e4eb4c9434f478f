#include "rl/env/custom_episode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "rl/record/sample_json.h"
#include "rl/tiny_text.h"

namespace lapidary::rl {
namespace {

using test::tiny_codec;
using test::tiny_turn;

class CustomEpisodes : public ::testing::Test {
 protected:
  CustomEpisode& begin() {
    EpisodeLimits limits;
    limits.max_context_tokens = 500;
    Prompt prompt;
    prompt.content = "2+3?";
    prompt.label = "5";
    prompt.metadata = {{"level", 1}};
    episode_ =
        std::make_unique<CustomEpisode>(std::vector<int64_t>{1, 2}, limits, tiny_codec(), prompt);
    EXPECT_EQ(episode_->begin().kind, Step::Kind::kGenerate);
    return *episode_;
  }
  // What follows when the function returns `value` behind the first turn.
  Step after(const Json& value) {
    begin().model_turn(tiny_turn("hm"));
    return episode_->tool_results({dump_json(Json{{"value", value}})});
  }
  std::unique_ptr<CustomEpisode> episode_;
};

TEST_F(CustomEpisodes, TellTheFunctionWhatWasWritten) {
  CustomEpisode& episode = begin();
  const Step first = episode.model_turn(tiny_turn("hm"));
  ASSERT_EQ(first.kind, Step::Kind::kCallTools);
  EXPECT_EQ(first.calls.at(0).name, kCustomStep);
  ASSERT_EQ(episode.tool_results({R"({"value": "\nGo on.\n"})"}).kind, Step::Kind::kGenerate);
  const Step second = episode.model_turn(tiny_turn("5"));
  const Json& state = second.calls.at(0).arguments["state"];
  EXPECT_EQ(state["prompt"], "2+3?");
  EXPECT_EQ(state["label"], "5");
  EXPECT_EQ(state["metadata"], (Json{{"level", 1}}));
  EXPECT_EQ(state["response"], "hm\nGo on.\n5");
  EXPECT_EQ(state["turns"], parse_json(R"([{"author": "model", "text": "hm"},
      {"author": "environment", "text": "\nGo on.\n"}, {"author": "model", "text": "5"}])",
                                       "turns"));
  EXPECT_EQ(episode.tool_results({R"({"value": null})"}).kind, Step::Kind::kDone);
  EXPECT_EQ(episode.trajectory().status, Status::kCompleted);
  const std::vector<int64_t> mask = episode.trajectory().loss_mask();
  EXPECT_EQ(mask.front(), 1);
  EXPECT_EQ(mask.back(), 1);
  EXPECT_EQ(std::count(mask.begin(), mask.end(), 0),
            static_cast<std::ptrdiff_t>(tiny_codec().encode("\nGo on.\n").size()));
}

TEST_F(CustomEpisodes, ObeyWhatTheFunctionReturns) {
  EXPECT_EQ(after({{"observation", "x"}}).kind, Step::Kind::kGenerate);
  EXPECT_EQ(after({{"observation", "x"}, {"tool_calls", 2}}).kind, Step::Kind::kGenerate);
  EXPECT_EQ(episode_->trajectory().tool_calls, 2);
  EXPECT_EQ(after({{"done", true}}).kind, Step::Kind::kDone);
  EXPECT_EQ(after(Json::object()).kind, Step::Kind::kDone);
  EXPECT_EQ(after({{"done", true}, {"observation", "bye"}, {"status", "truncated"}}).kind,
            Step::Kind::kDone);
  EXPECT_EQ(episode_->trajectory().status, Status::kTruncated);
  EXPECT_EQ(episode_->trajectory().turns.back().text, "bye");
}

TEST_F(CustomEpisodes, FailByThemselvesOnAnythingElse) {
  for (const Json& value :
       {Json(5), Json(true), Json::array({"x"}), Json{{"observe", "x"}}, Json{{"observation", 5}},
        Json{{"done", "yes"}}, Json{{"tool_calls", -1}}, Json{{"status", "great"}}}) {
    EXPECT_EQ(after(value).kind, Step::Kind::kDone) << dump_json(value);
    EXPECT_EQ(episode_->trajectory().status, Status::kFailed);
    EXPECT_NE(episode_->trajectory().error.find("the step function returned"), std::string::npos);
  }
  begin().model_turn(tiny_turn("hm"));
  EXPECT_EQ(episode_->tool_results({R"({"error": "KeyError: 'x'"})"}).kind, Step::Kind::kDone);
  EXPECT_EQ(episode_->trajectory().error, "the step function failed: KeyError: 'x'");
}

TEST(SampleJson, HasTheFieldsOfTheReferencesSample) {
  Trajectory trajectory;
  trajectory.sample_id = 9;
  trajectory.group_id = 4;
  trajectory.prompt_tokens = {2, 7};
  trajectory.turns.resize(2);
  trajectory.turns[0].tokens = {40, 41};
  trajectory.turns[0].log_probs = {-0.5F, -0.25F};
  trajectory.turns[1].author = Author::kEnvironment;
  trajectory.turns[1].tokens = {50};
  trajectory.status = Status::kCompleted;
  Prompt prompt;
  prompt.content = "Q";
  prompt.label = 5;
  const Json found = sample_json(trajectory, prompt, "text");
  EXPECT_EQ(found, parse_json(R"({"index": 9, "group_index": 4, "prompt": "Q",
      "tokens": [2, 7, 40, 41, 50], "response": "text", "response_length": 3, "label": 5,
      "reward": null, "loss_mask": [1, 1, 0], "rollout_log_probs": [-0.5, -0.25, 0.0],
      "status": "completed", "metadata": {}, "tool_call_count": 0, "non_generation_time": 0.0})",
                              "sample"));
}

}  // namespace
}  // namespace lapidary::rl
