// retool-native: a model that calls tools in its own notation (native_tools.h). The outputs are put
// behind its calls as tokens that are not trained on; nothing is rendered or tokenised twice. A
// turn without calls, or one that the model closes itself, is its last.
//
// Worked example. begin() -> generate; model_turn("<|tool_call>call:code_interpreter{code:<|"|>
// print(5)<|"|>}<tool_call|><|tool_response>") -> call code_interpreter; tool_results({"5"}) puts
// "response:code_interpreter{value:<|"|>5<|"|>}<tool_response|>" behind it -> generate;
// model_turn("Answer: \boxed{5}<turn|>") -> done, completed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rl/env/native_tools.h"

namespace lapidary::rl {

class NativeToolEpisode : public Episode {
 public:
  // `texts` and `tools` (its declarations) outlive the episode. Every call of a turn counts against
  // limits.max_tool_calls; those beyond it are answered with an error.
  NativeToolEpisode(std::vector<int64_t> prompt_tokens, const EpisodeLimits& limits,
                    TextCodec codec, const ToolResponseTexts& texts, const Json& tools);

 protected:
  Step judge(const Turn& turn) override;
  Step resume(const std::vector<std::string>& outputs) override;

 private:
  // The outputs known so far behind the calls; then the next request.
  Step observe_outputs();

  const ToolResponseTexts& texts_;
  const Json& tools_;
  std::vector<ToolCall> calls_;                      // of the last turn
  std::vector<std::optional<std::string>> outputs_;  // [calls_]; none where a tool has to run
  size_t written_bytes_ = 0;                         // of what stands behind the calls
};

}  // namespace lapidary::rl
