// A table of flags and their values from several sources, each value with its origin. For verbs
// whose flags are data (train has hundreds, named as slime and Megatron name them); verbs with a
// handful declare theirs with CLI11.
//
// Later sources win: defaults, then apply() of presets, then YAML files, the environment and the
// command line, in the order of the calls.
//
//   FlagSet flags(train_flag_table());
//   flags.apply_yaml("run.yaml");  flags.apply_environment();  flags.apply_command_line({"--lr",
//   "1e-6", "--use-tis"}); flags.get_double("--lr") -> 1e-6    flags.origin("--lr") -> "command
//   line"
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"

namespace lapidary {

enum class FlagType { kSwitch, kInt, kFloat, kString, kJson };
enum class FlagArity { kOne, kList };  // a switch takes no value
enum class FlagUse {
  kUsed,
  kNoEffect,  // accepted, means nothing here; `meaning` says why
  kNotYet,    // belongs to a feature still to come; setting it is an error that says so with
              // `meaning`
};

struct FlagSpec {
  std::string name;  // with its dashes: "--lr"
  FlagType type = FlagType::kString;
  Json default_value = nullptr;  // null: unset
  std::string meaning = {};      // one line
  FlagArity arity = FlagArity::kOne;
  FlagUse use = FlagUse::kUsed;
  std::vector<std::string> choices = {};
  std::vector<std::string> aliases = {};
  std::string group = {};  // heading in --help
};

class FlagSet {
 public:
  explicit FlagSet(std::vector<FlagSpec> table);

  // Keys are flag names without leading dashes, '-' and '_' alike. Throws Error{kInvalidArgument}
  // that lists every problem: unknown names with the nearest known one, wrong types, values that
  // are no choice, flags of features to come.
  void apply(const Json& values, const std::string& origin);
  void apply_yaml(const std::string& path);
  // LAPIDARY_LR=1e-6 sets --lr; a switch takes 1, true, 0 or false; a list is split at spaces.
  void apply_environment(char** environment);
  // "--flag value", "--flag=value", "--flag a b c" for lists; a repeated flag: the last wins.
  void apply_command_line(const std::vector<std::string>& words);

  bool has(const std::string& name) const;     // a value other than null
  bool is_set(const std::string& name) const;  // by anything but its default
  const Json& value(const std::string& name) const;
  const std::string& origin(const std::string& name) const;
  bool get_bool(const std::string& name) const;
  int64_t get_int(const std::string& name) const;
  double get_double(const std::string& name) const;
  std::string get_string(const std::string& name) const;  // "" when unset
  std::vector<std::string> get_strings(const std::string& name) const;

  std::span<const FlagSpec> table() const { return table_; }
  // Names of the kNoEffect flags that somebody set.
  std::vector<std::string> without_effect() const;
  // {"lr": 1e-06, ...}: every used flag with a value; read back by apply().
  Json resolved() const;
  // One line a flag, grouped.
  std::string help() const;

 private:
  struct Slot {
    size_t spec;
    Json value;
    std::string origin;
  };
  Slot& slot(const std::string& name);
  const Slot& slot(const std::string& name) const;
  std::string unknown(const std::string& name) const;
  // Empty, or what is wrong.
  std::string set(const std::string& name, const Json& value, const std::string& origin);

  std::vector<FlagSpec> table_;
  std::map<std::string, size_t> index_;  // names and aliases
  std::vector<Slot> slots_;
};

}  // namespace lapidary
