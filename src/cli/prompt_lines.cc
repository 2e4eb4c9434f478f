#include "cli/prompt_lines.h"

#include "base/check.h"

namespace lapidary::cli {
namespace {

std::vector<int64_t> encode_text(const std::string& text, TextEncoder& encoder,
                                 const PromptRules& rules) {
  if (!rules.texts_are_chat) return encoder.encode_text(text);
  const Json messages = Json::array({{{"role", "user"}, {"content", text}}});
  return encoder.encode_messages(messages, nullptr, rules.generation_prompt);
}

std::vector<int64_t> encode_line(const JsonObject& line, TextEncoder& encoder,
                                 const PromptRules& rules) {
  int given = 0;
  for (const char* key : {"input_ids", "text", "messages"}) given += line.has(key) ? 1 : 0;
  if (given != 1) {
    fail(ErrorKind::kInvalidArgument, line.what(), ": ", given == 0 ? "none" : "more than one",
         " of \"input_ids\", \"text\" and \"messages\"; exactly one is needed");
  }
  if (line.has("input_ids")) return line.get_ints("input_ids");
  if (line.has("text")) return encode_text(line.get_string("text"), encoder, rules);
  const Json& messages = line.at("messages");
  if (!messages.is_array() || messages.empty()) {
    fail(ErrorKind::kInvalidArgument, line.what(), ": \"messages\" must be a list of at least one");
  }
  const Json tools = line.has("tools") ? line.at("tools") : Json(nullptr);
  if (!tools.is_null() && !tools.is_array()) {
    fail(ErrorKind::kInvalidArgument, line.what(), ": \"tools\" must be a list, found ",
         json_type(tools));
  }
  return encoder.encode_messages(messages, tools, rules.generation_prompt);
}

void check(const PromptLine& prompt, const PromptRules& rules) {
  if (prompt.ids.empty()) {
    fail(ErrorKind::kInvalidArgument, prompt.what,
         ": the prompt is empty; at least one token is needed");
  }
  for (size_t i = 0; i < prompt.ids.size(); ++i) {
    if (prompt.ids[i] < 0 || prompt.ids[i] >= rules.vocab_size) {
      fail(ErrorKind::kInvalidArgument, prompt.what, ": token ", i, " is ", prompt.ids[i],
           "; the model's vocabulary has ids 0 to ", rules.vocab_size - 1);
    }
  }
  if (static_cast<Dim>(prompt.ids.size()) > rules.max_tokens) {
    fail(ErrorKind::kInvalidArgument, prompt.what, ": ", prompt.ids.size(),
         " tokens; the model has room for ", rules.max_tokens,
         rules.generation_prompt == GenerationPrompt::kYes ? " and a new one" : "");
  }
}

std::string place_of(const std::string& path, int64_t number) {
  return cat(path == "-" ? "standard input" : path, " line ", number);
}

}  // namespace

std::vector<PromptLine> read_prompt_lines(const std::string& path, TextEncoder& encoder,
                                          const PromptRules& rules) {
  std::vector<PromptLine> out;
  for_each_json_line(path, [&](const Json& json, int64_t number) {
    PromptLine prompt{.number = number, .what = place_of(path, number), .ids = {}};
    const JsonObject line(json, prompt.what);
    try {
      prompt.ids = encode_line(line, encoder, rules);
    } catch (const Error& error) {
      if (std::string_view(error.what()).starts_with(prompt.what)) throw;
      throw error.with_context(prompt.what);
    }
    if (line.has("seed")) prompt.seed = static_cast<uint64_t>(line.get_int("seed"));
    check(prompt, rules);
    out.push_back(std::move(prompt));
  });
  if (out.empty()) {
    fail(ErrorKind::kInvalidArgument, path == "-" ? "standard input" : path,
         ": no lines; each is to be a JSON object with input_ids, text or messages");
  }
  return out;
}

PromptLine prompt_from_text(const std::string& text, TextEncoder& encoder,
                            const PromptRules& rules) {
  PromptLine prompt{.number = 0, .what = "--prompt", .ids = encode_text(text, encoder, rules)};
  check(prompt, rules);
  return prompt;
}

}  // namespace lapidary::cli
