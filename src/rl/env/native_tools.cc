#include "rl/env/native_tools.h"

#include <algorithm>

#include "base/check.h"
#include "rl/env/tool_arguments.h"

namespace lapidary::rl {

namespace {

constexpr std::string_view kCallEnd = "<tool_call|>";
constexpr size_t kLongestMarker = 32;

std::string render_chat(const tokenizer::ChatTemplate& chat, const Json& messages,
                        const NativeToolOptions& options, bool adds_generation_prompt) {
  tokenizer::ContextOptions context;
  context.add_generation_prompt = adds_generation_prompt;
  context.variables = options.variables;
  return chat.render(tokenizer::template_context(messages, options.tools, context));
}

Json call_message(const std::vector<ToolCall>& calls) {
  Json list = Json::array();
  for (size_t i = 0; i < calls.size(); ++i) {
    list.push_back(
        Json{{"id", cat("call_", i)},
             {"type", "function"},
             {"function", {{"name", calls[i].name}, {"arguments", calls[i].arguments}}}});
  }
  return Json{{"role", "assistant"}, {"content", ""}, {"tool_calls", list}};
}

size_t common_prefix(std::string_view left, std::string_view right) {
  const size_t most = std::min(left.size(), right.size());
  return static_cast<size_t>(
      std::mismatch(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(most), right.begin())
          .first -
      left.begin());
}

// What stands between "<" and ">" makes a control marker of the Gemma family.
bool is_marker_name(std::string_view inside) {
  return !inside.empty() && inside.size() < kLongestMarker &&
         (inside.front() == '|' || inside.back() == '|' || inside == "bos" || inside == "eos" ||
          inside == "pad" || inside == "unk" || inside == "mask");
}

}  // namespace

std::string native_tool_prompt(const tokenizer::ChatTemplate& chat, const Json& prompt_content,
                               const NativeToolOptions& options) {
  if (!prompt_content.is_string() && !prompt_content.is_array()) {
    fail(ErrorKind::kInvalidArgument,
         "a prompt for tools must be a text or a list of messages, found ",
         json_type(prompt_content));
  }
  const Json messages = prompt_content.is_array()
                            ? prompt_content
                            : Json::array({Json{{"role", "user"}, {"content", prompt_content}}});
  return render_chat(chat, messages, options, true);
}

std::string without_markers(const std::string& output) {
  std::string out;
  for (size_t i = 0; i < output.size(); ++i) {
    out += output[i];
    if (output[i] != '<') {
      continue;
    }
    const std::string_view behind = std::string_view(output).substr(i + 1, kLongestMarker + 1);
    const size_t close = behind.find('>');
    if (close != std::string_view::npos && is_marker_name(behind.substr(0, close))) {
      out += ' ';
    }
  }
  return out;
}

ToolResponseTexts::ToolResponseTexts(const tokenizer::ChatTemplate& chat,
                                     const NativeToolOptions& options)
    : chat_(chat), options_(options) {
  check_tool_declarations(options.tools, chat.what());
  const std::string unfit =
      cat(chat.what(),
          ": this chat template does not print tool calls in Gemma 4's notation "
          "(<|tool_call>call:NAME{..}<tool_call|>) with their responses behind; take the retool "
          "environment, which needs no such template");
  std::string first;
  std::string second;
  try {
    first = after_calls({{"a", Json::object()}}, {"x"});
    second = after_calls({{"b", Json::object()}}, {"y"});
  } catch (const Error& error) {
    fail(ErrorKind::kUnsupported, unfit, " (", error.what(), ")");
  }
  head_ = first.substr(0, common_prefix(first, second));
  if (!head_.starts_with('<') || head_.find('>') == std::string::npos) {
    fail(ErrorKind::kUnsupported, unfit);
  }
}

std::string ToolResponseTexts::render(const std::vector<ToolCall>& calls,
                                      const std::vector<std::string>* outputs,
                                      bool adds_generation_prompt) const {
  Json messages = Json::array({Json{{"role", "user"}, {"content", "x"}}, call_message(calls)});
  for (size_t i = 0; outputs != nullptr && i < outputs->size(); ++i) {
    messages.push_back(Json{{"role", "tool"},
                            {"tool_call_id", cat("call_", i)},
                            {"name", calls[i].name},
                            {"content", without_markers((*outputs)[i])}});
  }
  return render_chat(chat_, messages, options_, adds_generation_prompt);
}

std::string ToolResponseTexts::after_calls(const std::vector<ToolCall>& calls,
                                           const std::vector<std::string>& outputs) const {
  LAPIDARY_CHECK(calls.size() == outputs.size() && !calls.empty(), calls.size(), " calls, ",
                 outputs.size(), " outputs");
  const std::string waiting = render(calls, nullptr, false);
  const std::string answered = render(calls, &outputs, true);
  const size_t call_end = waiting.rfind(kCallEnd);
  const size_t shared = call_end == std::string::npos ? 0 : call_end + kCallEnd.size();
  if (shared == 0 || answered.compare(0, shared, waiting, 0, shared) != 0) {
    fail(ErrorKind::kUnsupported, chat_.what(),
         ": the calls of a turn are printed in two ways, with and without their responses");
  }
  return answered.substr(shared);
}

size_t ToolResponseTexts::written_bytes(std::string_view turn) const {
  for (size_t count = std::min(head_.size(), turn.size()); count > 0; --count) {
    if (turn.ends_with(std::string_view(head_).substr(0, count)) &&
        head_.find('>') < count) {  // at least the whole marker
      return count;
    }
  }
  return 0;
}

std::string ToolResponseTexts::stop_marker() const {
  return head_.substr(0, head_.find('>') + 1);
}

}  // namespace lapidary::rl
