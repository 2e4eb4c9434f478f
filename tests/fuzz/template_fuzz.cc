// Any text as a chat template, rendered with a small context: errors are fine, everything else is a
// find. What stands behind a line "----" is taken as the context, where it is a JSON object.
#include <cstddef>
#include <cstdint>

#include "tokenizer/chat_template.h"

using namespace lapidary;

namespace {

const Json& plain_context() {
  static const Json kContext = parse_json(
      R"({"messages": [{"role": "system", "content": "Be brief."},
          {"role": "user", "content": "Hi \u00e9"},
          {"role": "assistant", "content": null, "tool_calls": [{"id": "a", "function":
            {"name": "f", "arguments": {"x": [1, 2.5, true, null, "t"]}}}]},
          {"role": "tool", "content": "2", "tool_call_id": "a"}],
          "tools": null, "bos_token": "<bos>", "add_generation_prompt": true, "n": 3, "s": "text"})",
      "context");
  return kContext;
}

Json context_of(std::string_view text) {
  try {
    Json context = parse_json(text, "context");
    if (context.is_object()) return context;
  } catch (const Error&) {
  }
  return plain_context();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr std::string_view kSeparator = "\n----\n";
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Json context = plain_context();
  if (const size_t cut = text.find(kSeparator); cut != std::string_view::npos) {
    context = context_of(text.substr(cut + kSeparator.size()));
    text = text.substr(0, cut);
  }
  tokenizer::Limits limits;
  limits.steps = 300'000;
  limits.live_bytes = size_t{16} << 20;
  try {
    const auto compiled = tokenizer::ChatTemplate::from_text(std::string(text), "fuzz");
    compiled.render_within(limits, context, tokenizer::WallTime());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal) __builtin_trap();
  }
  return 0;
}
