// The prompts of retool.h.
#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "rl/env/retool.h"

namespace lapidary::rl {

namespace {

constexpr const char* kAssistant =
    "You are a helpful assistant that can use Python tools to solve mathematical problems. When "
    "you "
    "need to perform calculations, use the code_interpreter tool to execute code and get results.";
constexpr const char* kHowToCall =
    "For each function call, return a json object with function name and arguments within "
    "<tool_call></tool_call> XML tags:\n<tool_call>\n"
    "{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call>";
constexpr const char* kToolsAre =
    "You may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>";

// json.dumps with its default separators: what models of the reference were prompted with. Its
// Jinja filter also sorts the keys and escapes what HTML would read.
enum class KeyOrder { kGiven, kSorted };

void append_scalar(std::string& out, const Json& value, KeyOrder order) {
  for (const char c : value.dump(-1, ' ', true, Json::error_handler_t::replace)) {
    const bool is_escaped = order == KeyOrder::kSorted && std::strchr("<>&'", c) != nullptr;
    if (is_escaped) {
      constexpr const char* kDigits = "0123456789abcdef";
      out += "\\u00";
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
    } else {
      out += c;
    }
  }
}

void append_spaced(std::string& out, const Json& value, KeyOrder order) {
  if (value.is_array()) {
    out += '[';
    for (size_t i = 0; i < value.size(); ++i) {
      out += i == 0 ? "" : ", ";
      append_spaced(out, value[i], order);
    }
    out += ']';
  } else if (value.is_object()) {
    std::vector<std::string> keys;
    for (const auto& item : value.items()) {
      keys.push_back(item.key());
    }
    if (order == KeyOrder::kSorted) {
      std::sort(keys.begin(), keys.end());
    }
    out += '{';
    for (size_t i = 0; i < keys.size(); ++i) {
      out += i == 0 ? "" : ", ";
      append_scalar(out, keys[i], order);
      out += ": ";
      append_spaced(out, value[keys[i]], order);
    }
    out += '}';
  } else {
    append_scalar(out, value, order);
  }
}

std::string spaced_json(const Json& value, KeyOrder order) {
  std::string out;
  append_spaced(out, value, order);
  return out;
}

// A text as one user message.
Json messages_of(const Json& content) {
  if (content.is_string()) {
    return Json::array({Json{{"role", "user"}, {"content", content}}});
  }
  if (!content.is_array()) {
    fail(ErrorKind::kInvalidArgument,
         "retool needs a prompt that is a text or a list of messages, found ", json_type(content));
  }
  return content;
}

std::string role_of(const Json& message) {
  return JsonObject(message, "message").get_string("role");
}

}  // namespace

Json code_interpreter_declaration() {
  return Json{{"type", "function"},
              {"function",
               {{"name", kCodeInterpreter},
                {"description", "A tool for executing Python code in a safe sandbox environment."},
                {"parameters",
                 {{"type", "object"},
                  {"properties",
                   {{"code", {{"type", "string"}, {"description", "The Python code to execute"}}}}},
                  {"required", Json::array({"code"})}}}}}};
}

std::string retool_system_text(const Json& tools) {
  std::string text = kAssistant;
  if (tools.empty()) {
    return text;
  }
  text += cat("\n\n# Tools\n\n", kToolsAre, "\n");
  bool is_first = true;
  for (const Json& tool : tools) {
    text += is_first ? "" : "\n";
    text += spaced_json(tool, KeyOrder::kGiven);
    is_first = false;
  }
  return cat(text, "\n</tools>\n\n", kHowToCall);
}

Json retool_messages(const Json& prompt_content, const Json& tools) {
  Json messages = Json::array({Json{{"role", "system"}, {"content", retool_system_text(tools)}}});
  for (const Json& message : messages_of(prompt_content)) {
    if (role_of(message) != "system") {
      messages.push_back(message);
    }
  }
  return messages;
}

std::string retool_chatml(const Json& prompt_content, const Json& tools) {
  // The reference's template strips the line break behind each role's name and before each tool.
  std::string text = cat("<|im_start|>system", kAssistant);
  if (!tools.empty()) {
    text += cat("\n# Tools\n\n", kToolsAre);
    for (const Json& tool : tools) {
      text += spaced_json(tool, KeyOrder::kSorted);
    }
    text += cat("\n</tools>\n\n", kHowToCall);
  }
  text += "\n<|im_end|>";
  for (const Json& message : messages_of(prompt_content)) {
    const std::string role = role_of(message);
    if (role == "user" || role == "assistant") {
      text += cat("\n<|im_start|>", role, JsonObject(message, "message").get_string("content"),
                  "<|im_end|>");
    }
  }
  return text + "\n<|im_start|>assistant";
}

}  // namespace lapidary::rl
