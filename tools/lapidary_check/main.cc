// lapidary-check KIND --input FILE.json --output FILE.json: evaluates one piece of the product on
// given cases, for checks against other systems.
//
// The input is an object with "cases", a list of cases, or one case a line; what a case expects is
// ignored. The output is {"cases": [{"id", "result"}]}. A case that cannot be read has the result
// {"error": "unreadable", "message"}, a warning names it, and the others are evaluated.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "lapidary_check/checks.h"

namespace {

using lapidary::Error;
using lapidary::ErrorKind;
using lapidary::Json;
using lapidary::JsonObject;

constexpr int kUsageError = 2;

const lapidary::check::Kind& find_kind(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& kind : lapidary::check::kinds()) {
    if (kind.name == name) return kind;
    names.emplace_back(kind.name);
  }
  lapidary::fail(ErrorKind::kInvalidArgument, "unknown kind ", lapidary::quoted(name),
                 "; there are ", lapidary::join(names));
}

// One JSON document or one object a line: a document that ends early tells them apart.
bool is_json_document(const std::string& text) {
  return Json::accept(text.begin(), text.end());
}

Json read_cases(const std::string& path) {
  Json cases = Json::array();
  const std::string text = lapidary::read_file(path);
  if (!is_json_document(text)) {
    lapidary::for_each_json_line(path, [&](const Json& line, int64_t) { cases.push_back(line); });
    return cases;
  }
  Json document = lapidary::parse_json(text, path);
  if (document.is_array()) return document;
  const JsonObject object(document, path);
  if (!object.has("cases")) return Json::array({std::move(document)});
  if (!object.at("cases").is_array()) {
    lapidary::fail(ErrorKind::kInvalidArgument, path, ": \"cases\" must be a list, found ",
                   lapidary::json_type(object.at("cases")));
  }
  return object.at("cases");
}

Json evaluate(const lapidary::check::Kind& kind, const Json& one, const std::string& what) {
  try {
    return kind.evaluate(JsonObject(one, what));
  } catch (const std::exception& error) {
    lapidary::log_warning(lapidary::cat(what, ": ", error.what()));
    return Json{{"error", "unreadable"}, {"message", error.what()}};
  }
}

void run(const std::string& kind_name, const std::string& input, const std::string& output) {
  const lapidary::check::Kind& kind = find_kind(kind_name);
  Json results = Json::array();
  int64_t number = 0;
  for (const Json& one : read_cases(input)) {
    ++number;
    const std::string what = lapidary::cat(input, " case ", number);
    Json id = one.is_object() && one.contains("id") ? one["id"] : Json(number);
    results.push_back(Json{{"id", std::move(id)}, {"result", evaluate(kind, one, what)}});
  }
  const std::string text = lapidary::dump_json(Json{{"cases", std::move(results)}}) + "\n";
  if (output == "-") {
    std::fputs(text.c_str(), stdout);
  } else {
    lapidary::write_file_atomically(output, text);
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Evaluates one piece of Lapidary on given cases", "lapidary-check");
  std::string kind, input, output;
  app.add_option("KIND", kind, "What to evaluate")->required();
  app.add_option("--input", input, "A JSON file with \"cases\", or one case a line")->required();
  app.add_option("--output", output, "The results as JSON; - is standard output")->required();
  try {
    app.parse(argc, argv);
    run(kind, input, output);
    return 0;
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "error: %s ('lapidary-check --help' lists what is allowed)\n",
                 error.what());
    return kUsageError;
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return lapidary::exit_status(error.kind());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
