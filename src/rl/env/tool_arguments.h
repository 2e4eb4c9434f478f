// Whether the arguments of a tool call fit the tool's declaration, so that a bad call becomes a
// text that the model can read instead of a failure of the tool.
//
// Worked example. For code_interpreter, {"cod": "1"} gives
//   Error: code_interpreter has no argument "cod"; it takes "code"
#pragma once

#include <optional>
#include <string>

#include "rl/env/episode.h"

namespace lapidary::rl {

// The declarations of a list that a prompt or a run gives, each in OpenAI's form ({"type",
// "function": {"name", "parameters"}}) or the function alone. Throws Error{kInvalidArgument} for
// what is no list of objects with a name.
void check_tool_declarations(const Json& tools, const std::string& what);

// The declaration's function with this name, or nothing.
const Json* find_tool(const Json& tools, const std::string& name);

// What the model is told of a call that cannot be made; nothing where it can. Looked at: whether
// the tool is there, required and unknown arguments, the kinds of the values ("type" of the schema;
// one level deep).
std::optional<std::string> call_problem(const Json& tools, const ToolCall& call);

}  // namespace lapidary::rl
