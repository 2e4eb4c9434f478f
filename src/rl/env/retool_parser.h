// What the text of one model turn asks for, in the notation of slime's retool example.
//
// Worked example. "<code>print(2+3)</code>" -> {kCode, "print(2+3)"};
// "So Answer: \boxed{5}" -> {kAnswer, "5"}; "hm" -> {kNone, ""}.
#pragma once

#include <string>
#include <string_view>

namespace lapidary::rl {

struct RetoolParserOptions {
  // What of the turn is judged. slime takes all of it, so that a draft answer inside the thought
  // ends the episode.
  enum class Judged { kWholeTurn, kAfterThought };
  Judged judged = Judged::kWholeTurn;
  // Which JSON a call may hold. slime takes line breaks for parts of a text, so that a call printed
  // over several lines is none.
  enum class CallLayout { kOneLine, kAnyLayout };
  CallLayout call_layout = CallLayout::kOneLine;
};

struct TurnAction {
  enum class Kind { kNone, kAnswer, kCode };
  Kind kind = Kind::kNone;
  std::string content;  // the answer, or the code as written
};

// First hit wins: "Answer:" spaces "\boxed{..}" with at most one inner pair of braces; the first
// <tool_call> whose JSON names code_interpreter with code in it; the first <code> pair; the first
// ```python fence. Never throws.
TurnAction parse_retool_turn(std::string_view text, const RetoolParserOptions& options = {});

// The text up to the end of its last complete call, code pair, fence or answer (slime's
// postprocess_responses; the loop does not use it).
std::string cut_after_last_tag(std::string_view text);

}  // namespace lapidary::rl
