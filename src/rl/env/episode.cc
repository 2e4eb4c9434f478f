#include "rl/env/episode.h"

#include <algorithm>

#include "base/check.h"

namespace lapidary::rl {

Episode::Episode(std::vector<int64_t> prompt_tokens, const EpisodeLimits& limits, TextCodec codec)
    : limits_(limits), codec_(std::move(codec)) {
  if (limits_.max_context_tokens < 1 || limits_.max_turns < 1) {
    fail(ErrorKind::kInvalidArgument, "an episode needs room: --rollout-max-context-len is ",
         limits_.max_context_tokens, ", turns at most ", limits_.max_turns);
  }
  trajectory_.prompt_tokens = std::move(prompt_tokens);
  num_tokens_ = static_cast<Dim>(trajectory_.prompt_tokens.size());
}

void Episode::expect(State state, const char* what) const {
  LAPIDARY_CHECK(state_ == state, what, " does not follow the last step of this episode");
}

Step Episode::begin() {
  expect(State::kNew, "begin");
  return next_request();
}

Step Episode::model_turn(GeneratedTurn generated) {
  expect(State::kGenerating, "a model turn");
  const bool has_log_probs = generated.log_probs.size() == generated.tokens.size();
  if (generated.end == TurnEnd::kAbort || !has_log_probs) {
    return finish(Status::kAborted);  // without log-probs the turn cannot be trained on
  }
  ++num_turns_;
  Turn turn;
  turn.text = codec_.decode(generated.tokens);
  turn.tokens = std::move(generated.tokens);
  turn.log_probs = std::move(generated.log_probs);
  turn.weight_versions = std::move(generated.weight_versions);
  num_tokens_ += static_cast<Dim>(turn.tokens.size());
  trajectory_.turns.push_back(std::move(turn));
  if (generated.end == TurnEnd::kLength) {
    return finish(Status::kTruncated);
  }
  Step step = judge(trajectory_.turns.back());
  if (step.kind == Step::Kind::kCallTools) {
    state_ = State::kCallingTools;
  }
  return step;
}

Step Episode::tool_results(const std::vector<std::string>& outputs) {
  expect(State::kCallingTools, "a list of tool results");
  return resume(outputs);
}

Step Episode::next_request() {
  if (num_turns_ >= limits_.max_turns || trajectory_.tool_calls >= limits_.max_tool_calls) {
    return finish(out_of_turns_status());
  }
  const Dim room = limits_.max_context_tokens - num_tokens_;
  if (room < 1) {
    return finish(full_context_status());
  }
  state_ = State::kGenerating;
  Step step;
  step.kind = Step::Kind::kGenerate;
  step.max_new_tokens =
      limits_.max_response_tokens > 0 ? std::min(limits_.max_response_tokens, room) : room;
  return step;
}

Step Episode::observe(const std::string& text) {
  Turn turn;
  turn.author = Author::kEnvironment;
  turn.tokens = codec_.encode(text);
  turn.text = text;
  const Dim room = std::max<Dim>(limits_.max_context_tokens - num_tokens_, 0);
  const bool is_cut = static_cast<Dim>(turn.tokens.size()) > room;
  if (is_cut) {
    turn.tokens.resize(static_cast<size_t>(room));
    turn.text = codec_.decode(turn.tokens);
  }
  num_tokens_ += static_cast<Dim>(turn.tokens.size());
  if (!turn.tokens.empty()) {
    trajectory_.turns.push_back(std::move(turn));
  }
  return is_cut ? finish(full_context_status()) : next_request();
}

Step Episode::fail_episode(std::string error) {
  trajectory_.error = std::move(error);
  return finish(Status::kFailed);
}

Step Episode::finish(Status status) {
  trajectory_.status = status;
  state_ = State::kDone;
  return Step{};
}

}  // namespace lapidary::rl
