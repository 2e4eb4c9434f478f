// A world for tests of the loop: a decoder that chooses among few whole texts, a tokenizer that has
// these texts as tokens, tools that answer late.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "loop/environment.h"
#include "loop/tool_runner.h"
#include "rollout/decoder.h"
#include "rollout/engine.h"

namespace lapidary::test {

// Texts that are one token each.
inline constexpr const char* kCallOne = "<code>1</code>";
inline constexpr const char* kCallTwo = "<code>2</code>";
inline constexpr const char* kAnswerFive = "Answer: \\boxed{5}";
inline constexpr const char* kAnswerSix = "Answer: \\boxed{6}";
inline constexpr const char* kHum = "hum";

class ScriptedWorld {
 public:
  ScriptedWorld();
  ~ScriptedWorld();

  const tokenizer::Tokenizer& tokenizer() const { return tokenizer_; }
  int64_t id(const std::string& text) const;
  int64_t stop_id() const { return stop_; }
  // After a token of `from` come these with equal probability; after all others one of the five
  // texts. A call or an answer is followed by the stop id.
  void follow(const std::string& from, std::vector<std::string> next);
  rollout::Decoder& decoder();

  std::unique_ptr<loop::Environment> environment(
      loop::EnvironmentKind kind = loop::EnvironmentKind::kRetool, Dim max_context = 400) const;

 private:
  class Choice;
  tokenizer::Tokenizer tokenizer_;
  int64_t stop_ = 0;
  std::unique_ptr<Choice> decoder_;
};

// Each call is answered by "out CODE" after a time of up to a few milliseconds that depends on
// `seed` and the number of the call.
class LateTools final : public loop::ToolRunner {
 public:
  explicit LateTools(uint64_t seed);
  ~LateTools() override;
  void submit(const rl::ToolCall& call, Done done) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace lapidary::test
