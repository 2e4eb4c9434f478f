#include "cli/train_flags.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/paths.h"

namespace lapidary::cli {
namespace {

Json flag_names() {
  return read_json_file(test::project_path("tests/data/rl-oracles/flag-names.json"));
}

const FlagSpec* find(const std::vector<FlagSpec>& table, const std::string& name) {
  for (const FlagSpec& spec : table) {
    if (spec.name == name) return &spec;
    for (const std::string& alias : spec.aliases) {
      if (alias == name) return &spec;
    }
  }
  return nullptr;
}

// A flag with the wrong number of values would swallow or leave words of a user's script.
TEST(TrainFlags, EveryFlagOfTheReferenceIsKnownWithItsNumberOfValues) {
  const std::vector<FlagSpec> table = train_flag_table();
  const FlagSet parses(table);  // also checks that no name is twice in the table
  const Json names = flag_names();
  int seen = 0;
  for (const Json& entry : names["all"]) {
    const std::string name = entry["flag"].get<std::string>();
    const FlagSpec* spec = find(table, name);
    ASSERT_NE(spec, nullptr) << name;
    const bool is_switch = entry["nargs"] == 0;
    EXPECT_EQ(spec->type == FlagType::kSwitch, is_switch) << name;
    const bool is_list = entry["nargs"] == "+" || entry["nargs"] == "*" || entry["nargs"] == 3;
    EXPECT_TRUE(is_switch || (spec->arity == FlagArity::kList) == is_list) << name;
    ++seen;
  }
  EXPECT_EQ(seen, 901);
}

TEST(TrainFlags, TheSeedCommandStopsOnlyAtFeaturesToCome) {
  const Json names = flag_names();
  std::vector<std::string> words;
  for (const Json& entry : names["seed"]) {
    words.push_back(entry["flag"].get<std::string>());
    const Json& value = entry["value"];
    const Json& values = value.is_object() ? value["gemma4-26B-A4B"] : value;
    for (const Json& each : values) words.push_back(each.get<std::string>());
  }
  const std::vector<std::string> engine_flags = take_engine_flags(words);
  EXPECT_EQ(engine_flags.size(), 4U);
  FlagSet flags(train_flag_table());
  try {
    flags.apply_command_line(words);
    FAIL() << "several ranks were accepted";
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("--tensor-model-parallel-size is not supported yet"), std::string::npos)
        << message;
    EXPECT_EQ(message.find("unknown"), std::string::npos) << message;
    EXPECT_EQ(message.find("takes"), std::string::npos) << message;
  }
  EXPECT_EQ(flags.get_double("--lr"), 5e-6);
  EXPECT_EQ(flags.value("--apply-chat-template-kwargs")["enable_thinking"], true);
}

}  // namespace
}  // namespace lapidary::cli
