// lapidary render: chat templates with given variables, one JSON object a line. A template that
// fails is an answer here, not an end: its line holds the error.
#include <CLI/CLI.hpp>
#include <map>
#include <optional>

#include "base/check.h"
#include "base/file.h"
#include "cli/output_lines.h"
#include "cli/verbs.h"
#include "tokenizer/chat_template.h"
#include "tokenizer/jinja/time_format.h"

namespace lapidary::cli {
namespace {

using tokenizer::ChatTemplate;
using tokenizer::RenderError;
using tokenizer::RenderFailure;
using tokenizer::WallTime;

struct RenderFlags {
  std::string template_file;
  std::string tokenizer;
  std::string input;
  std::string output;
};

// Where the lines' templates come from: one for all, or each line's own text.
class TemplateSource {
 public:
  explicit TemplateSource(const RenderFlags& flags) {
    if (flags.template_file == "-") return;
    if (flags.template_file.empty()) {
      shared_ = text_of_checkpoint(flags.tokenizer);
    } else {
      shared_ = {read_file(flags.template_file), flags.template_file};
    }
  }

  // Throws RenderError{kSyntax} for each line anew.
  const ChatTemplate& of(const JsonObject& line) {
    Source source = shared_ ? *shared_ : Source{line.get_string("template"), line.what()};
    const auto known = compiled_.find(source.text);
    if (known != compiled_.end()) return known->second;
    if (compiled_.size() >= kMostKept) compiled_.clear();
    ChatTemplate made = ChatTemplate::from_text(source.text, source.what);
    return compiled_.emplace(std::move(source.text), std::move(made)).first->second;
  }

 private:
  static constexpr size_t kMostKept = 64;
  struct Source {
    std::string text;
    std::string what;
  };

  static Source text_of_checkpoint(const std::string& folder) {
    auto text = ChatTemplate::find_text(folder);
    if (!text) {
      fail(ErrorKind::kNotFound, folder,
           ": no chat template: expected chat_template.jinja, or \"chat_template\" in "
           "tokenizer_config.json; --template names a file");
    }
    return {std::move(*text), folder + " chat template"};
  }

  std::optional<Source> shared_;
  std::map<std::string, ChatTemplate> compiled_;
};

std::optional<WallTime> time_of(const JsonObject& line) {
  if (!line.has("now")) return std::nullopt;
  const std::string text = line.get_string("now");
  const auto time = tokenizer::jinja::parse_iso_time(text);
  if (!time) {
    fail(ErrorKind::kInvalidArgument, line.what(), ": \"now\" must be an ISO time such as ",
         "2024-07-26T10:00:00, found ", quoted(text));
  }
  return time;
}

Json error_object(const RenderError& error) {
  std::string message = error.reason();
  if (error.failure() != RenderFailure::kRaise) message += cat(" (line ", error.line(), ")");
  return Json{{"error", {{"kind", to_string(error.failure())}, {"message", std::move(message)}}}};
}

void render(const RenderFlags& flags) {
  TemplateSource templates(flags);
  OutputLines output(flags.output);
  for_each_json_line(flags.input, [&](const Json& json, int64_t number) {
    const JsonObject line(
        json, cat(flags.input == "-" ? "standard input" : flags.input, " line ", number));
    const JsonObject context = line.get_object("context");
    const auto time = time_of(line);
    try {
      output.write(Json{{"text", templates.of(line).render(context.json(), time)}});
    } catch (const RenderError& error) {
      output.write(error_object(error));
    }
  });
  output.finish();
}

}  // namespace

void add_render(CLI::App& app, int& exit_status) {
  auto flags = std::make_shared<RenderFlags>();
  CLI::App* verb = app.add_subcommand("render", "Render chat templates");
  CLI::Option* file =
      verb->add_option("--template", flags->template_file,
                       "A template file; - takes the text from each line's own \"template\"");
  verb->add_option("--tokenizer", flags->tokenizer, "A checkpoint folder, for its own template")
      ->excludes(file);
  verb->add_option("--input", flags->input,
                   "Lines {\"context\": {every variable}, \"now\"?: ISO time}; - is standard input")
      ->required();
  verb->add_option("--output", flags->output,
                   "Lines {\"text\"} or {\"error\": {\"kind\", \"message\"}}; - is standard output")
      ->required();
  verb->callback([flags, &exit_status] {
    if (flags->template_file.empty() && flags->tokenizer.empty()) {
      fail(ErrorKind::kInvalidArgument,
           "render needs --template FILE, --template - or --tokenizer DIR");
    }
    render(*flags);
    exit_status = 0;
  });
}

}  // namespace lapidary::cli
