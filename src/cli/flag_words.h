// The command line of the verbs whose flags are the table of train_flags.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/flag_set.h"

namespace CLI {
class App;
}

namespace lapidary::cli {

struct FlagCommand {
  FlagSet flags;
  std::vector<std::string> engine_flags;  // --sglang-*, --router-*: accepted, without effect
  bool is_dry_run = false;
  bool asks_for_help = false;
};

// Takes --config FILE (repeatable), --dry-run and --help out of the words; then defaults < YAML
// files < environment < command line. Throws Error{kInvalidArgument} as FlagSet does.
FlagCommand read_flag_command(std::vector<FlagSpec> table, std::vector<std::string> words);

// Every set value with its origin, one a line.
std::string flags_with_origins(const FlagSet& flags);

// Says on standard error which flags were accepted and mean nothing here.
void say_without_effect(const FlagCommand& command);

// Everything behind the name of the verb is left to `run`.
CLI::App* add_flag_verb(CLI::App& app, const std::string& name, const std::string& description);

}  // namespace lapidary::cli
