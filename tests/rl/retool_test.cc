#include "rl/env/retool.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "rl/env/single_turn.h"
#include "rl/text/python_text.h"

namespace lapidary::rl {
namespace {

TextCodec one_token_a_character() {
  TextCodec codec;
  codec.encode = [](const std::string& text) {
    const Text codes = decode_utf8(text);
    return std::vector<int64_t>(codes.begin(), codes.end());
  };
  codec.decode = [](std::span<const int64_t> tokens) {
    return encode_utf8(Text(tokens.begin(), tokens.end()));
  };
  return codec;
}

EpisodeLimits limits(Dim context) {
  EpisodeLimits limits;
  limits.max_context_tokens = context;
  return limits;
}

GeneratedTurn turn(const std::string& text) {
  GeneratedTurn turn;
  turn.tokens = one_token_a_character().encode(text);
  turn.log_probs.assign(turn.tokens.size(), -0.5F);
  turn.weight_versions.assign(turn.tokens.size(), 3);
  return turn;
}

TEST(RetoolPrompt, ChatmlIsTheReferencesToTheByte) {
  const Json tools = Json::array({code_interpreter_declaration()});
  EXPECT_EQ(
      retool_chatml("Q", tools),
      "<|im_start|>systemYou are a helpful assistant that can use Python tools to solve "
      "mathematical "
      "problems. When you need to perform calculations, use the code_interpreter tool to execute "
      "code "
      "and get results.\n# Tools\n\nYou may call one or more functions to assist with the user "
      "query.\n\nYou are provided with function signatures within <tools></tools> XML "
      "tags:\n<tools>"
      "{\"function\": {\"description\": \"A tool for executing Python code in a safe sandbox "
      "environment.\", \"name\": \"code_interpreter\", \"parameters\": {\"properties\": {\"code\": "
      "{\"description\": \"The Python code to execute\", \"type\": \"string\"}}, \"required\": "
      "[\"code\"], \"type\": \"object\"}}, \"type\": \"function\"}\n</tools>\n\nFor each function "
      "call, "
      "return a json object with function name and arguments within <tool_call></tool_call> XML "
      "tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n"
      "</tool_call>\n<|im_end|>\n<|im_start|>userQ<|im_end|>\n<|im_start|>assistant");
}

TEST(RetoolPrompt, SystemTextListsToolsAsGiven) {
  const std::string text = retool_system_text(Json::array({code_interpreter_declaration()}));
  EXPECT_NE(
      text.find("<tools>\n{\"type\": \"function\", \"function\": {\"name\": \"code_interpreter\""),
      std::string::npos);
  EXPECT_EQ(retool_system_text(Json::array()).find("# Tools"), std::string::npos);
}

TEST(RetoolParser, JudgesTheTextAfterTheThoughtWhenAsked) {
  const std::string text =
      "<|channel>thought\nAnswer: \\boxed{1}?<channel|><code>print(2)</code><turn|>";
  EXPECT_EQ(parse_retool_turn(text).kind, TurnAction::Kind::kAnswer);
  RetoolParserOptions options;
  options.judged = RetoolParserOptions::Judged::kAfterThought;
  EXPECT_EQ(parse_retool_turn(text, options).content, "print(2)");
}

TEST(RetoolParser, ReadsCallsOverSeveralLinesWhenAsked) {
  const std::string text =
      "<tool_call>\n{\n  \"name\": \"code_interpreter\",\n  \"arguments\": {\"code\": \"1\"}\n}\n"
      "</tool_call>";
  EXPECT_EQ(parse_retool_turn(text).kind, TurnAction::Kind::kNone);
  RetoolParserOptions options;
  options.call_layout = RetoolParserOptions::CallLayout::kAnyLayout;
  EXPECT_EQ(parse_retool_turn(text, options).content, "1");
}

TEST(RetoolParser, TakesAnyBytes) {
  std::string bytes;
  for (int i = 0; i < 5000; ++i) {
    bytes += static_cast<char>((i * 7919) % 256);
    bytes += i % 11 == 0 ? "<tool_call>{" : i % 13 == 0 ? "Answer:\\boxed{" : "";
  }
  parse_retool_turn(bytes);
  cut_after_last_tag(bytes);
}

TEST(RetoolEpisode, KeepsTokensMasksAndVersionsOfEveryTurn) {
  RetoolEpisode episode({1, 2}, limits(1000), one_token_a_character());
  ASSERT_EQ(episode.begin().kind, Step::Kind::kGenerate);
  const Step call = episode.model_turn(turn("<code>print(5)</code>"));
  ASSERT_EQ(call.kind, Step::Kind::kCallTools);
  EXPECT_EQ(call.calls[0].arguments["code"], "print(5)");
  ASSERT_EQ(episode.tool_results({"5"}).kind, Step::Kind::kGenerate);
  ASSERT_EQ(episode.model_turn(turn("Answer: \\boxed{5}")).kind, Step::Kind::kDone);
  const Trajectory& found = episode.trajectory();
  EXPECT_EQ(found.status, Status::kCompleted);
  EXPECT_EQ(found.turns[0].weight_versions.size(), found.turns[0].tokens.size());
  EXPECT_EQ(found.loss_mask().size(), found.response_tokens().size());
  EXPECT_EQ(found.response_log_probs().size(), found.response_tokens().size());
  EXPECT_EQ(found.response_text(),
            "<code>print(5)</code>\n\n<interpreter>\n5\n</interpreter>\n\nAnswer: \\boxed{5}");
}

TEST(RetoolEpisode, NeverGrowsBeyondItsContext) {
  for (Dim context = 3; context < 120; ++context) {
    RetoolEpisode episode({1, 2, 3}, limits(context), one_token_a_character());
    Step step = episode.begin();
    while (step.kind != Step::Kind::kDone) {
      if (step.kind == Step::Kind::kGenerate) {
        GeneratedTurn generated = turn("<code>print(5)</code>");
        ASSERT_LE(episode.num_tokens() + step.max_new_tokens, context);
        if (static_cast<Dim>(generated.tokens.size()) > step.max_new_tokens) {
          generated.tokens.resize(static_cast<size_t>(step.max_new_tokens));
          generated.log_probs.resize(generated.tokens.size());
          generated.end = TurnEnd::kLength;
        }
        step = episode.model_turn(std::move(generated));
      } else {
        step = episode.tool_results({"a long output of the tool"});
      }
      ASSERT_LE(episode.num_tokens(), context);
    }
    EXPECT_EQ(episode.trajectory().status, Status::kTruncated);
  }
}

TEST(RetoolEpisode, EndsWithItsOwnStatusWhenTurnsRunOutIfAsked) {
  RetoolOptions options;
  options.out_of_turns = Status::kTruncated;
  RetoolEpisode episode({1}, limits(100000), one_token_a_character(), options);
  Step step = episode.begin();
  int requests = 0;
  while (step.kind == Step::Kind::kGenerate) {
    ++requests;
    step = episode.model_turn(turn("hm"));
  }
  EXPECT_EQ(requests, 16);
  EXPECT_EQ(episode.trajectory().status, Status::kTruncated);
}

TEST(Episode, RefusesStepsOutOfOrder) {
  SingleTurnEpisode episode({1}, limits(10), one_token_a_character());
  EXPECT_THROW(episode.model_turn(turn("x")), Error);
  episode.begin();
  EXPECT_THROW(episode.tool_results({"x"}), Error);
  EXPECT_EQ(episode.model_turn(turn("x")).kind, Step::Kind::kDone);
  EXPECT_THROW(episode.begin(), Error);
}

TEST(Episode, ATurnWithoutLogProbsIsAborted) {
  SingleTurnEpisode episode({1}, limits(10), one_token_a_character());
  episode.begin();
  GeneratedTurn generated = turn("xy");
  generated.log_probs.pop_back();
  episode.model_turn(generated);
  EXPECT_EQ(episode.trajectory().status, Status::kAborted);
}

}  // namespace
}  // namespace lapidary::rl
