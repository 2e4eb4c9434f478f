// Any text as a model's turn. The first byte chooses the form and whether thoughts are scanned.
#include <cstddef>
#include <cstdint>

#include "tokenizer/tool_call_parser.h"

using namespace lapidary::tokenizer;

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto format = (data[0] & 1) != 0 ? ToolCallFormat::kJson : ToolCallFormat::kGemma4;
  const auto thought = (data[0] & 2) != 0 ? ToolCallsInThought::kScan : ToolCallsInThought::kSkip;
  const ParsedToolCalls parsed = parse_tool_calls(text, format, thought);
  if (parsed.fault) {
    require(parsed.calls.empty() && parsed.remaining == text && parsed.fault_at <= text.size());
    return 0;
  }
  require(parsed.calls.empty() ? parsed.remaining == text : parsed.remaining.size() < text.size());
  for (const ToolCall& call : parsed.calls) {
    require(!call.name.empty() && call.arguments.is_object());
    lapidary::dump_json(call.arguments);
  }
  return 0;
}
