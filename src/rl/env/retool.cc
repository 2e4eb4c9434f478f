#include "rl/env/retool.h"

#include "base/check.h"
#include "rl/text/python_text.h"

namespace lapidary::rl {

const char* const kNoCodeObservation =
    "\n\n<interpreter>\nError: No Python code found\n</interpreter>\n\n";
const char* const kInvalidActionObservation =
    "\nMy previous action is invalid. If I want to execute code, I should put the code between "
    "<code> and </code>. If I want to give the final answer, I should use the format "
    "'Answer: \\boxed{answer}'. Let me try again.\n";

std::string interpreter_observation(const std::string& output) {
  return cat("\n\n<interpreter>\n", output, "\n</interpreter>\n\n");
}

RetoolEpisode::RetoolEpisode(std::vector<int64_t> prompt_tokens, const EpisodeLimits& limits,
                             TextCodec codec, const RetoolOptions& options)
    : Episode(std::move(prompt_tokens), limits, std::move(codec)), options_(options) {}

Status RetoolEpisode::full_context_status() const {
  return options_.variant == RetoolOptions::Variant::kGemma4 && has_model_turn()
             ? Status::kCompleted
             : Status::kTruncated;
}

Step RetoolEpisode::observe_interpreter(const std::string& output) {
  count_tool_calls(1);
  return observe(interpreter_observation(output));
}

Step RetoolEpisode::judge(const Turn& turn) {
  const TurnAction action = parse_retool_turn(turn.text, options_.parser);
  switch (action.kind) {
    case TurnAction::Kind::kAnswer:
      return finish(Status::kCompleted);
    case TurnAction::Kind::kNone:
      return observe(kInvalidActionObservation);
    case TurnAction::Kind::kCode:
      break;
  }
  const std::string code = encode_utf8(strip(decode_utf8(action.content)));
  if (code.empty()) {
    count_tool_calls(1);
    return observe(kNoCodeObservation);
  }
  Step step;
  step.kind = Step::Kind::kCallTools;
  step.calls.push_back({kCodeInterpreter, Json{{"code", code}}});
  return step;
}

Step RetoolEpisode::resume(const std::vector<std::string>& outputs) {
  LAPIDARY_CHECK(outputs.size() == 1, "one call has ", outputs.size(), " results");
  return observe_interpreter(outputs[0]);
}

}  // namespace lapidary::rl
