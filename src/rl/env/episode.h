// An environment as a step function: it says what to do next, and is told what came of it. It
// starts nothing itself, so that it can be tested without an engine or a sandbox and stopped at any
// step.
//
// Worked example. begin() -> generate up to 500 tokens; model_turn("<code>print(5)</code>") -> call
// code_interpreter; tool_results({"5"}) -> generate; model_turn("Answer: \boxed{5}") -> done,
// completed. The trajectory then holds a model turn, an environment turn and a model turn.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/dim.h"
#include "base/json.h"
#include "rl/record/trajectory.h"

namespace lapidary::rl {

struct ToolCall {
  std::string name;
  Json arguments;  // an object
};

struct Step {
  enum class Kind { kGenerate, kCallTools, kDone };
  Kind kind = Kind::kDone;
  Dim max_new_tokens = 0;       // of kGenerate: go on behind all tokens so far
  std::vector<ToolCall> calls;  // of kCallTools: all of them, then tool_results in their order
};

// How a request of the model ended.
enum class TurnEnd { kStop, kLength, kAbort };

struct GeneratedTurn {
  std::vector<int64_t> tokens;
  std::vector<float> log_probs;          // [tokens]; another length means they are not known
  std::vector<int64_t> weight_versions;  // [tokens], or empty
  TurnEnd end = TurnEnd::kStop;
};

// Text to ids without special tokens added, and back with special tokens kept.
struct TextCodec {
  std::function<std::vector<int64_t>(const std::string&)> encode;
  std::function<std::string(std::span<const int64_t>)> decode;
};

struct EpisodeLimits {
  Dim max_context_tokens = 0;   // prompt and response together
  Dim max_response_tokens = 0;  // of one request; 0: what the context leaves
  Dim max_turns = 16;
  Dim max_tool_calls = 16;
};

class Episode {
 public:
  Episode(std::vector<int64_t> prompt_tokens, const EpisodeLimits& limits, TextCodec codec);
  virtual ~Episode() = default;
  Episode(const Episode&) = delete;
  Episode& operator=(const Episode&) = delete;

  // Each is called when the last step asked for it; Error{kInternal} otherwise.
  Step begin();
  Step model_turn(GeneratedTurn turn);
  Step tool_results(const std::vector<std::string>& outputs);

  bool is_done() const { return state_ == State::kDone; }
  // Whole once the episode is done; its status is kPending until then.
  const Trajectory& trajectory() const { return trajectory_; }
  Trajectory take_trajectory() { return std::move(trajectory_); }
  Dim num_tokens() const { return num_tokens_; }

 protected:
  // What the last model turn asks for. `turn` is in the trajectory already.
  virtual Step judge(const Turn& turn) = 0;
  // What to do with the outputs of the calls that judge() asked for.
  virtual Step resume(const std::vector<std::string>& outputs) = 0;

  // The next request, or the end when turns or context are used up.
  Step next_request();
  // The text as environment tokens, cut at its end where the context is full; then the next
  // request.
  Step observe(const std::string& text);
  Step finish(Status status);
  // Ends as kFailed: the environment cannot go on.
  Step fail_episode(std::string error);
  void count_tool_calls(Dim count) { trajectory_.tool_calls += count; }
  const EpisodeLimits& limits() const { return limits_; }
  const TextCodec& codec() const { return codec_; }
  // How an episode ends whose context was filled by the prompt or by the environment.
  virtual Status full_context_status() const { return Status::kTruncated; }
  virtual Status out_of_turns_status() const { return Status::kCompleted; }
  bool has_model_turn() const { return num_turns_ > 0; }

 private:
  enum class State { kNew, kGenerating, kCallingTools, kDone };
  void expect(State state, const char* what) const;

  EpisodeLimits limits_;
  TextCodec codec_;
  Trajectory trajectory_;
  State state_ = State::kNew;
  Dim num_tokens_ = 0;
  Dim num_turns_ = 0;
};

}  // namespace lapidary::rl
