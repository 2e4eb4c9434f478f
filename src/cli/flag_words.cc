#include "cli/flag_words.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <map>

#include "base/check.h"
#include "base/log.h"
#include "cli/train_flags.h"

namespace lapidary::cli {
namespace {

// The words of `name VALUE` and `name=VALUE` are taken out. -> the values.
std::vector<std::string> take_values(std::vector<std::string>& words, const std::string& name) {
  std::vector<std::string> out;
  std::vector<std::string> kept;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with(name + "=")) {
      out.push_back(words[i].substr(name.size() + 1));
    } else if (words[i] == name) {
      if (i + 1 == words.size()) fail(ErrorKind::kInvalidArgument, name, " needs a value: a file");
      out.push_back(words[++i]);
    } else {
      kept.push_back(words[i]);
    }
  }
  words = std::move(kept);
  return out;
}

bool take_word(std::vector<std::string>& words, const std::string& word) {
  return std::erase(words, word) > 0;
}

}  // namespace

FlagCommand read_flag_command(std::vector<FlagSpec> table, std::vector<std::string> words) {
  FlagCommand out{FlagSet(std::move(table)), {}, false, false};
  out.asks_for_help = take_word(words, "--help") || take_word(words, "-h");
  out.is_dry_run = take_word(words, "--dry-run");
  for (const std::string& path : take_values(words, "--config")) out.flags.apply_yaml(path);
  out.flags.apply_environment(environ);
  out.engine_flags = take_engine_flags(words);
  out.flags.apply_command_line(words);
  return out;
}

std::string flags_with_origins(const FlagSet& flags) {
  std::string out;
  for (const FlagSpec& spec : flags.table()) {
    const Json& value = flags.value(spec.name);
    const bool is_shown = spec.use == FlagUse::kUsed && !value.is_null();
    if (!is_shown) continue;
    std::string left = cat("  ", spec.name, " ", dump_json(value));
    left.resize(std::max<size_t>(left.size() + 2, 56), ' ');
    out += left + flags.origin(spec.name) + "\n";
  }
  return out;
}

void say_without_effect(const FlagCommand& command) {
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const std::string& name : command.flags.without_effect()) {
    for (const FlagSpec& spec : command.flags.table()) {
      if (spec.name == name) by_reason[spec.meaning].push_back(name);
    }
  }
  for (const std::string& name : command.engine_flags) {
    by_reason["the engine is part of this program"].push_back(name);
  }
  for (const auto& [reason, names] : by_reason) {
    log_info(cat("accepted, no effect because ", reason, ": ", join(names)));
  }
}

CLI::App* add_flag_verb(CLI::App& app, const std::string& name, const std::string& description) {
  CLI::App* verb = app.add_subcommand(name, description);
  verb->set_help_flag("");
  verb->prefix_command();
  return verb;
}

}  // namespace lapidary::cli
