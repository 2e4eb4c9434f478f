// A checkpoint's chat template: messages to the text that the model was trained on, exactly as
// transformers' render_jinja_template (Jinja2 3.1.6, sandboxed, trim_blocks, lstrip_blocks, loop
// controls, raise_exception, strftime_now, tojson, {% generation %}) renders it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "tokenizer/jinja/render_error.h"
#include "tokenizer/jinja/renderer.h"

namespace lapidary::tokenizer {

using jinja::GenerationSpan;
using jinja::Limits;
using jinja::WallTime;

struct Rendering {
  std::string text;
  std::vector<GenerationSpan> generations;  // byte ranges of the {% generation %} blocks
};

// Cheap to copy; const methods may be called from several threads at once. A rendering uses up to
// 3 MiB of the calling thread's stack.
class ChatTemplate {
 public:
  // `what` names the template in messages. Throws RenderError{kSyntax}; Error{kCorrupt} for a text
  // that is not UTF-8.
  static ChatTemplate from_text(std::string text, std::string what);
  // chat_template.jinja, else "chat_template" of tokenizer_config.json (a text, or a list of named
  // templates, of which "default" is taken); nothing where the checkpoint has neither.
  static std::optional<ChatTemplate> load(const std::string& checkpoint_dir);

  // `context` is an object with every variable. `time` is what strftime_now shows; default: now.
  // Throws RenderError; a template that does not end or grows without bound ends as kType.
  std::string render(const Json& context, std::optional<WallTime> time = {}) const;
  Rendering render_with_spans(const Json& context, std::optional<WallTime> time = {}) const;
  Rendering render_within(const Limits& limits, const Json& context,
                          std::optional<WallTime> time = {}) const;

  const std::string& text() const;
  const std::string& what() const;

 private:
  struct Compiled;
  explicit ChatTemplate(std::shared_ptr<const Compiled> compiled);
  std::shared_ptr<const Compiled> compiled_;
};

struct ContextOptions {
  bool add_generation_prompt = false;
  Json documents = nullptr;
  // Further variables: bos_token, enable_thinking, ... They win over what is above.
  Json variables = Json::object();
};

// The messages as transformers hands them to a template: keys with null dropped, reasoning under
// each of the names that templates look for. Throws Error{kInvalidArgument} for what is no list of
// objects.
Json normalize_messages(const Json& messages);

// The context for a conversation, messages normalized. `tools` is a list of JSON schemas or null.
Json template_context(const Json& messages, const Json& tools, const ContextOptions& options = {});

}  // namespace lapidary::tokenizer
