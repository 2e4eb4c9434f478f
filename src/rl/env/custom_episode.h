// --custom-generate-function-path: the user's own environment, a Python function that is told what
// was written so far and says what is put behind it. It works on text; tokens, masks and limits are
// kept here.
//
// Worked example. The function
//   def step(state):
//       if "Answer:" in state["turns"][-1]["text"]: return None
//       return {"observation": "\nGive your answer.\n"}
// is called behind every model turn; None ends the episode, a text goes on as environment tokens.
#pragma once

#include <string>

#include "rl/env/episode.h"
#include "rl/record/prompt.h"

namespace lapidary::rl {

// The name of the one call that the episode asks for; its argument "state" is
//   {"prompt", "label", "metadata", "turns": [{"author": "model" or "environment", "text"}, ..],
//    "response": the texts of all turns}
// What tool_results gets is JSON: {"value": what the function returned} or {"error": why it did
// not}.
inline constexpr const char* kCustomStep = "custom_step";

// Returned values: null, or {"done": true}, ends the episode; a text, or {"observation": text},
// goes on with it. {"observation", "done"} may come together, with "tool_calls": how many to count,
// and "status": "completed" or "truncated" of an episode that is done. Anything else, and an error
// of the function, ends the episode as kFailed with the reason in its error.
class CustomEpisode : public Episode {
 public:
  // `prompt` is what the function gets to see of the row.
  CustomEpisode(std::vector<int64_t> prompt_tokens, const EpisodeLimits& limits, TextCodec codec,
                Prompt prompt);

 protected:
  Step judge(const Turn& turn) override;
  Step resume(const std::vector<std::string>& outputs) override;

 private:
  Step obey(const Json& value);
  Prompt prompt_;
};

}  // namespace lapidary::rl
