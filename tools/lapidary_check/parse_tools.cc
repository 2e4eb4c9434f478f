// Tool calls out of a text: {"format", "scan_thought"?, "text"} -> {"calls", "remaining", "error"}.
#include "base/check.h"
#include "lapidary_check/checks.h"
#include "tokenizer/tool_call_parser.h"

namespace lapidary::check {

using namespace tokenizer;

Json evaluate_parse_tools(const JsonObject& one) {
  const std::string format = one.get_string("format");
  if (format != "gemma4" && format != "json") {
    fail(ErrorKind::kInvalidArgument, one.what(), ": \"format\" must be gemma4 or json, found ",
         quoted(format));
  }
  const ParsedToolCalls parsed = parse_tool_calls(
      one.get_string("text"), format == "gemma4" ? ToolCallFormat::kGemma4 : ToolCallFormat::kJson,
      one.get_bool_or("scan_thought", false) ? ToolCallsInThought::kScan
                                             : ToolCallsInThought::kSkip);
  Json calls = Json::array();
  for (const ToolCall& call : parsed.calls) {
    calls.push_back(Json{{"name", call.name}, {"arguments", call.arguments}});
  }
  Json error = parsed.fault ? Json(to_string(*parsed.fault)) : Json(nullptr);
  return Json{
      {"calls", std::move(calls)}, {"remaining", parsed.remaining}, {"error", std::move(error)}};
}

}  // namespace lapidary::check
