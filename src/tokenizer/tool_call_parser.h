// Tool calls out of the text of a model's turn, control markers kept.
//
// Two forms. Gemma 4's own:
//     <|tool_call>call:NAME{key:value,..}<tool_call|>
//     values: <|"|>text<|"|> (no escapes), numbers, true, false, null, [..], {..}
// and JSON (what Qwen-style prompts ask for):
//     <tool_call>{"name": "..", "arguments": {..}}</tool_call>
//
// Strict, and all or nothing: one malformed block gives no calls, the reason, and the whole text as
// what remains. Nothing is guessed: a call that is run is a call that was written.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace lapidary::tokenizer {

enum class ToolCallFormat { kGemma4, kJson };

// Calls inside a thought, <|channel> .. <channel|>, are looked at or left in the text.
enum class ToolCallsInThought { kSkip, kScan };

enum class ToolCallFault {
  kNoCallPrefix,        // gemma4: the start marker is not followed by "call:"
  kNoArguments,         // gemma4: the name is followed by the end marker
  kBadName,             // no name, or a character that a name cannot have
  kBadKey,              // gemma4: no key, no ":" behind it, or a character that it cannot have
  kBadValue,            // gemma4: not a value
  kBadSeparator,        // gemma4: neither "," nor the closing bracket behind a value
  kBadJson,             // json: not JSON
  kNotObject,           // json: another kind of value
  kBadArguments,        // json: "arguments" missing or not an object
  kDuplicateKey,        // one key twice in an object
  kTooDeep,             // more than 64 levels
  kUnterminatedString,  // the text ends in a string
  kUnterminated,        // the text ends elsewhere before the object is complete
  kNoEndMarker          // the object is complete, and no end marker follows
};

// "no_call_prefix", "no_args", ...
std::string_view to_string(ToolCallFault fault);

struct ToolCall {
  std::string name;
  Json arguments;  // an object, members in the order of the text
};

struct ParsedToolCalls {
  std::vector<ToolCall> calls;
  std::string remaining;  // the text without the blocks, nothing trimmed
  std::optional<ToolCallFault> fault;
  size_t fault_at = 0;  // byte of the text where the fault was noticed
};

ParsedToolCalls parse_tool_calls(std::string_view text, ToolCallFormat format,
                                 ToolCallsInThought in_thought = ToolCallsInThought::kSkip);

}  // namespace lapidary::tokenizer
