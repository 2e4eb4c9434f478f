// lapidary: one program, one subcommand a verb. Parses the command line, runs the verb, turns
// errors into "error: " lines and exit statuses (2 for usage and configuration, 1 for a failed
// check or run).
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>

#include "base/error.h"
#include "base/text.h"
#include "cli/verbs.h"

namespace {

constexpr int kUsageError = 2;

// The verb that was named, or the program itself.
const CLI::App& selected(const CLI::App& app) {
  const auto verbs = app.get_subcommands();
  return verbs.empty() ? app : *verbs.front();
}

std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> out;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) out.push_back("--" + name);
  }
  for (const CLI::App* verb : app.get_subcommands({})) out.push_back(verb->get_name());
  return out;
}

std::string usage_message(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& verb = selected(app);
  std::string message = error.what();
  for (const std::string& word : verb.remaining(true)) {
    const std::string name = word.substr(0, word.find('='));
    message = lapidary::cat("unknown ", name.starts_with("-") ? "flag " : "argument ", name);
    const std::string guess = lapidary::nearest(name, known_words(verb));
    if (!guess.empty()) message += lapidary::cat("; did you mean ", guess, "?");
    break;
  }
  std::string name = app.get_name();
  if (&verb != &app) name += " " + verb.get_name();
  return message + lapidary::cat(" ('", name, " --help' lists what is allowed)");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Reinforcement-learning post-training for Gemma 4", "lapidary");
  app.set_version_flag("--version", "lapidary " LAPIDARY_VERSION);
  app.require_subcommand(1);
  int status = 0;
  lapidary::cli::add_bench(app, status);
  lapidary::cli::add_doctor(app, status);
  lapidary::cli::add_train(app, status);
  lapidary::cli::add_eval(app, status);
  lapidary::cli::add_generate(app, status);
  lapidary::cli::add_init(app, status);
  lapidary::cli::add_score(app, status);
  lapidary::cli::add_parity(app, status);
  lapidary::cli::add_sft(app, status);
  lapidary::cli::add_report(app, status);
  lapidary::cli::add_render(app, status);
  lapidary::cli::add_inspect(app, status);
  lapidary::cli::add_tokenize(app, status);
  try {
    app.parse(argc, argv);
    return status;
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "error: %s\n", usage_message(app, error).c_str());
    return kUsageError;
  } catch (const lapidary::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return lapidary::exit_status(error.kind());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "error: out of memory\n");
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
