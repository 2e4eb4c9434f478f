#include "tokenizer/chat_template.h"

#include <filesystem>

#include "base/check.h"
#include "base/file.h"
#include "tokenizer/jinja/binder.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/parser.h"
#include "tokenizer/jinja/syntax_failure.h"
#include "tokenizer/utf8.h"

namespace lapidary::tokenizer {
namespace {

// The template text that tokenizer_config.json holds, if any.
std::optional<std::string> template_in_config(const Json& config, const std::string& path) {
  const auto found = config.find("chat_template");
  if (found == config.end() || found->is_null()) return std::nullopt;
  if (found->is_string()) return found->get<std::string>();
  if (!found->is_array()) {
    fail(ErrorKind::kCorrupt, path,
         ": \"chat_template\" must be a string or a list of templates, found ", json_type(*found));
  }
  std::vector<std::string> names;
  for (const Json& entry : *found) {
    const JsonObject named(entry, path + " chat_template");
    names.push_back(named.get_string("name"));
    if (names.back() == "default") return named.get_string("template");
  }
  fail(ErrorKind::kCorrupt, path,
       ": \"chat_template\" lists no template named \"default\", only: ", join(names));
}

// A rendering may hold halves of characters, which no text can.
void refuse_surrogates(const std::string& text) {
  const size_t fault = well_formed_prefix(text);
  if (fault == text.size()) return;
  jinja::fail_type("the rendered text holds a lone surrogate at its byte ", fault,
                   ": surrogates not allowed");
}

}  // namespace

struct ChatTemplate::Compiled {
  std::string text;
  std::string what;
  std::unique_ptr<jinja::Template> parsed;
};

ChatTemplate::ChatTemplate(std::shared_ptr<const Compiled> compiled)
    : compiled_(std::move(compiled)) {}

ChatTemplate ChatTemplate::from_text(std::string text, std::string what) {
  const size_t fault = well_formed_prefix(text);
  if (fault != text.size()) {
    fail(ErrorKind::kCorrupt, what, ": the template is not UTF-8 at byte ", fault);
  }
  auto compiled = std::make_shared<Compiled>();
  try {
    compiled->parsed = jinja::parse(text);
    jinja::bind(*compiled->parsed);
  } catch (const jinja::SyntaxFailure& failure) {
    throw RenderError(RenderFailure::kSyntax, failure.reason, what, failure.line);
  }
  compiled->text = std::move(text);
  compiled->what = std::move(what);
  return ChatTemplate(std::move(compiled));
}

std::optional<std::string> ChatTemplate::find_text(const std::string& checkpoint_dir) {
  const std::string own_file = checkpoint_dir + "/chat_template.jinja";
  if (std::filesystem::exists(own_file)) return read_file(own_file);
  const std::string config_file = checkpoint_dir + "/tokenizer_config.json";
  if (!std::filesystem::exists(config_file)) return std::nullopt;
  const Json config = read_json_file(config_file);
  if (!config.is_object()) {
    fail(ErrorKind::kCorrupt, config_file, ": expected an object, found ", json_type(config));
  }
  return template_in_config(config, config_file);
}

std::optional<ChatTemplate> ChatTemplate::load(const std::string& checkpoint_dir) {
  auto text = find_text(checkpoint_dir);
  if (!text) return std::nullopt;
  return from_text(std::move(*text), checkpoint_dir + " chat template");
}

const std::string& ChatTemplate::text() const {
  return compiled_->text;
}
const std::string& ChatTemplate::what() const {
  return compiled_->what;
}

std::string ChatTemplate::render(const Json& context, std::optional<WallTime> time) const {
  return render_with_spans(context, time).text;
}

Rendering ChatTemplate::render_with_spans(const Json& context, std::optional<WallTime> time) const {
  return render_within(Limits(), context, time);
}

Rendering ChatTemplate::render_within(const Limits& limits, const Json& context,
                                      std::optional<WallTime> time) const {
  if (!context.is_object()) {
    fail(ErrorKind::kInvalidArgument, compiled_->what,
         ": the context must be an object with the template's variables, found ",
         json_type(context));
  }
  jinja::Runtime run(limits, time ? *time : jinja::wall_time_now());  // outlives all values
  jinja::Context variables(context);
  jinja::Renderer renderer(*compiled_->parsed, run, variables);
  try {
    Rendering out;
    out.text = renderer.render();
    refuse_surrogates(out.text);
    out.generations = renderer.generation_spans();
    return out;
  } catch (const jinja::Failure& failure) {
    throw RenderError(failure.kind, failure.reason, compiled_->what, renderer.line());
  }
}

Json normalize_messages(const Json& messages) {
  if (!messages.is_array()) {
    fail(ErrorKind::kInvalidArgument, "messages: expected a list of messages, found ",
         json_type(messages));
  }
  Json out = Json::array();
  for (const Json& message : messages) {
    if (!message.is_object()) {
      fail(ErrorKind::kInvalidArgument, "messages[", out.size(), "]: expected an object, found ",
           json_type(message));
    }
    Json kept = Json::object();
    const Json* reasoning = nullptr;
    for (const char* name : {"reasoning_content", "thinking", "reasoning"}) {
      const auto found = message.find(name);
      if (found == message.end() || found->is_null()) continue;
      reasoning = &*found;
      break;
    }
    if (reasoning != nullptr) kept["thinking"] = *reasoning;
    for (const auto& [key, value] : message.items()) {
      if (!value.is_null()) kept[key] = value;
    }
    if (reasoning != nullptr) kept["reasoning_content"] = *reasoning;
    out.push_back(std::move(kept));
  }
  return out;
}

Json template_context(const Json& messages, const Json& tools, const ContextOptions& options) {
  if (!tools.is_null() && !tools.is_array()) {
    fail(ErrorKind::kInvalidArgument, "tools: expected a list of JSON schemas or null, found ",
         json_type(tools));
  }
  Json out = Json::object();
  out["messages"] = normalize_messages(messages);
  out["tools"] = tools;
  out["documents"] = options.documents;
  out["add_generation_prompt"] = options.add_generation_prompt;
  for (const auto& [key, value] : options.variables.items()) out[key] = value;
  return out;
}

}  // namespace lapidary::tokenizer
