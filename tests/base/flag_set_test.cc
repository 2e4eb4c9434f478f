#include "base/flag_set.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/yaml.h"
#include "support/paths.h"

namespace lapidary {
namespace {

std::vector<FlagSpec> table() {
  return {
      {"--lr", FlagType::kFloat, 1e-6, "peak learning rate"},
      {"--rollout-top-k", FlagType::kInt, -1, "candidates kept"},
      {"--use-tis", FlagType::kSwitch, false, "truncated importance sampling"},
      {"--save", FlagType::kString, nullptr, "checkpoint folder"},
      {.name = "--eval-prompt-data",
       .meaning = "pairs of name and path",
       .arity = FlagArity::kList},
      {.name = "--loss",
       .default_value = "policy",
       .meaning = "kind",
       .choices = {"policy", "sft"}},
      {.name = "--kwargs", .type = FlagType::kJson, .meaning = "template variables"},
      {.name = "--num-nodes",
       .type = FlagType::kInt,
       .default_value = 1,
       .meaning = "several ranks come later",
       .use = FlagUse::kNotYet},
      {.name = "--qk-layernorm",
       .type = FlagType::kSwitch,
       .meaning = "read from config.json",
       .use = FlagUse::kNoEffect,
       .aliases = {"--qk-norm"}},
  };
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(FlagSet, LaterSourcesWinAndEachValueKnowsItsOrigin) {
  const test::ScratchFolder scratch;
  std::ofstream(scratch.file("run.yaml")) << "lr: 2e-6\nrollout_top_k: 5\nuse-tis: true\n";
  FlagSet flags(table());
  EXPECT_EQ(flags.origin("--lr"), "default");
  flags.apply_yaml(scratch.file("run.yaml"));
  char variable[] = "LAPIDARY_ROLLOUT_TOP_K=7";
  char* environment[] = {variable, nullptr};
  flags.apply_environment(environment);
  flags.apply_command_line({"--lr", "5e-6", "--lr=3e-6"});
  EXPECT_EQ(flags.get_double("--lr"), 3e-6);
  EXPECT_EQ(flags.origin("--lr"), "command line");
  EXPECT_EQ(flags.get_int("--rollout-top-k"), 7);
  EXPECT_EQ(flags.origin("--rollout-top-k"), "environment");
  EXPECT_TRUE(flags.get_bool("--use-tis"));
  EXPECT_EQ(flags.origin("--use-tis"), scratch.file("run.yaml"));
}

TEST(FlagSet, ReadsNegativeNumbersListsAndJson) {
  FlagSet flags(table());
  flags.apply_command_line({"--rollout-top-k", "-1", "--eval-prompt-data", "aime", "a.jsonl",
                            "--kwargs", R"({"enable_thinking": true})"});
  EXPECT_EQ(flags.get_int("--rollout-top-k"), -1);
  EXPECT_EQ(flags.get_strings("--eval-prompt-data"), (std::vector<std::string>{"aime", "a.jsonl"}));
  EXPECT_EQ(flags.value("--kwargs")["enable_thinking"], true);
}

TEST(FlagSet, EveryProblemOfTheCommandLineIsListed) {
  FlagSet flags(table());
  const std::string message = message_of([&] {
    flags.apply_command_line({"stray", "--lrr", "1", "--save"});
  });
  EXPECT_EQ(message,
            "unexpected argument \"stray\"; unknown flag --lrr; did you mean --lr?; --save needs a "
            "value: text");
  EXPECT_EQ(message_of([&] {
              flags.apply_command_line({"--lr", "fast", "--loss", "ppo"});
            }),
            "command line: --lr takes a number, found \"\\\"fast\\\"\"; --loss takes one of "
            "policy, sft, found \"ppo\"");
}

TEST(FlagSet, AFeatureToComeIsRefusedAndAFlagWithoutEffectIsListed) {
  FlagSet flags(table());
  flags.apply_command_line({"--num-nodes", "1", "--qk-norm"});
  EXPECT_EQ(flags.without_effect(), std::vector<std::string>{"--qk-layernorm"});
  EXPECT_EQ(message_of([&] {
              flags.apply_command_line({"--num-nodes", "2"});
            }),
            "command line: --num-nodes is not supported yet: several ranks come later");
}

TEST(FlagSet, ResolvedValuesSurviveTheWayThroughYaml) {
  FlagSet flags(table());
  flags.apply_command_line(
      {"--lr", "1.2345678901234567e-6", "--save", "yes", "--eval-prompt-data", "a", "1"});
  FlagSet again(table());
  again.apply(parse_yaml(dump_yaml(flags.resolved()), "config.yaml"), "config.yaml");
  EXPECT_EQ(again.resolved(), flags.resolved());
  EXPECT_EQ(again.get_string("--save"), "yes");
}

TEST(Yaml, AMistakeNamesTheFile) {
  EXPECT_NE(message_of([] { parse_yaml("a: [1", "x.yaml"); }).find("x.yaml: not valid YAML"),
            std::string::npos);
}

}  // namespace
}  // namespace lapidary
