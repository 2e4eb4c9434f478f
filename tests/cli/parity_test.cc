#include <ATen/Context.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/json.h"
#include "base/text.h"
#include "checkpoint/hf_checkpoint.h"
#include "cli/parity_checks.h"
#include "cli/program.h"
#include "support/paths.h"

namespace lapidary::cli {
namespace {

std::string folder_of(const std::string& fixture) {
  return test::project_path("tests/data/gemma4-fixtures/" + fixture);
}

model::Gemma4Model load(const std::string& fixture, const std::string& config,
                        c10::ScalarType dtype = c10::ScalarType::Float,
                        c10::Device device = c10::kCPU) {
  const std::string path = folder_of(fixture) + "/" + config;
  return model::Gemma4Model::load(*checkpoint::HfCheckpoint::open(folder_of(fixture)),
                                  model::Gemma4Config::from_json(read_json_file(path), path),
                                  {.dtype = dtype, .device = device});
}

ParityDump dump_of(const std::string& fixture) {
  return ParityDump::read(folder_of(fixture) + "/expected.safetensors");
}

std::string failures(const Comparison& comparison) {
  std::string text;
  for (const Check& check : comparison.checks()) {
    if (!check.pass) text += cat(check.name, ": ", check.difference, "\n");
  }
  return text;
}

struct Case {
  const char* fixture;
  const char* config;
  BatchOptions batching;
};

class EveryFixture : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(
    Parity, EveryFixture,
    ::testing::Values(
        Case{"moe-tiny", "config.json", {}},
        Case{"dense-tiny", "config.json", {.max_sequences = 1}},
        Case{"moe-tiny-bf16", "config.json", {.max_tokens = 20}},
        Case{"e2b-tiny", "config.json", {.recompute = model::Recompute::kLayers}},
        Case{"moe-tiny", "config.resaved.json", {.recompute = model::Recompute::kLayers}},
        Case{"dense-tiny", "config.resaved.json", {}},
        Case{"moe-tiny-bf16", "config.resaved.json", {}},
        Case{"e2b-tiny", "config.resaved.json", {.max_sequences = 2}}));

TEST_P(EveryFixture, EqualsHuggingFaceInEverythingThatWasDumped) {
  const Case& test_case = GetParam();
  model::Gemma4Model model = load(test_case.fixture, test_case.config);
  ParityDump dump = dump_of(test_case.fixture);
  Comparison comparison;
  check_forward(model, dump, comparison);
  check_gradients(model, dump, test_case.batching, comparison);
  check_generation(model, dump, comparison);
  check_optimizer(model, dump, test_case.batching, comparison);
  EXPECT_TRUE(comparison.pass()) << failures(comparison);
  EXPECT_TRUE(dump.unused().empty()) << join(dump.unused());
  EXPECT_GT(comparison.checks().size(), 200U);
}

TEST(ParityOnCuda, EveryFixtureWithinTwiceTheTable) {
  if (!at::hasCUDA()) GTEST_SKIP() << "no GPU: nothing to compare";
  for (const char* fixture : {"moe-tiny", "dense-tiny", "moe-tiny-bf16", "e2b-tiny"}) {
    model::Gemma4Model model =
        load(fixture, "config.json", c10::ScalarType::Float, c10::Device(c10::kCUDA, 0));
    ParityDump dump = dump_of(fixture);
    Comparison comparison;
    check_forward(model, dump, comparison);
    check_gradients(model, dump, {}, comparison);
    check_generation(model, dump, comparison);
    check_optimizer(model, dump, {}, comparison);
    for (const Check& check : comparison.checks()) {
      const bool is_relative = check.tolerance.measure == Tolerance::Measure::kRelative;
      EXPECT_LE(is_relative ? check.max_rel : check.max_abs, 2 * check.tolerance.limit)
          << fixture << " " << check.name;
    }
  }
}

TEST(Parity, NamesTheFirstDifferenceInTheOrderOfTheForward) {
  const model::Gemma4Model model = load("dense-tiny", "config.json");
  for (const model::Parameter& parameter : model.parameters()) {
    if (parameter.name == "model.layers.4.post_feedforward_layernorm.weight")
      parameter.value().mul_(1.01);
  }
  ParityDump dump = dump_of("dense-tiny");
  Comparison comparison;
  check_forward(model, dump, comparison);
  std::vector<std::string> failed;
  for (const Check& check : comparison.checks()) {
    if (!check.pass && check.kind == "hidden") failed.push_back(check.name);
  }
  ASSERT_FALSE(failed.empty());
  EXPECT_EQ(failed.front(), "seq2.hidden.4");
}

TEST(Parity, AForgottenRenormalisationOfTheRoutingWeightsIsSeen) {
  const model::Gemma4Model model = load("moe-tiny", "config.json");
  for (const model::Parameter& parameter : model.parameters()) {
    if (parameter.name == "model.layers.2.router.per_expert_scale") parameter.value().mul_(1.001);
  }
  ParityDump dump = dump_of("moe-tiny");
  Comparison comparison;
  check_forward(model, dump, comparison);
  ASSERT_NE(comparison.first_failed(), nullptr);
  EXPECT_EQ(comparison.first_failed()->kind, "router.weight");
}

TEST(Parity, ADumpOfAnotherModelFailsWithShapesAndNames) {
  model::Gemma4Model model = load("dense-tiny", "config.json");
  ParityDump dump = dump_of("e2b-tiny");
  Comparison comparison;
  check_forward(model, dump, comparison);
  check_gradients(model, dump, {}, comparison);
  EXPECT_FALSE(comparison.pass());
  EXPECT_NE(failures(comparison).find("expected [30, 40]"), std::string::npos);
  EXPECT_NE(failures(comparison).find("the model has no such parameter"), std::string::npos);
}

TEST(Parity, Bfloat16IsAsFarFromFloat32AsHuggingFaceItself) {
  const model::Gemma4Model model = load("moe-tiny-bf16", "config.json", c10::ScalarType::BFloat16);
  ParityDump dump = dump_of("moe-tiny-bf16");
  Comparison comparison;
  check_reduced_precision(model, dump, comparison);
  EXPECT_TRUE(comparison.pass()) << failures(comparison);
}

std::vector<std::string> command(const std::string& fixture, std::vector<std::string> more) {
  std::vector<std::string> words{"parity", "--hf-checkpoint", folder_of(fixture), "--expected",
                                 folder_of(fixture) + "/expected.safetensors"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(ParityVerb, WritesTheReportOfTheContract) {
  const test::ProgramResult result =
      test::run_program(command("dense-tiny", {"--json", "-", "--device", "cpu"}));
  EXPECT_EQ(result.status, 0) << result.err;
  const Json report = parse_json(result.out, "report");
  EXPECT_TRUE(report["pass"].get<bool>());
  EXPECT_EQ(report["world_size"].get<int>(), 1);
  EXPECT_TRUE(report["layout"].is_object());
  EXPECT_TRUE(report["first_difference"].is_null());
  EXPECT_TRUE(report["not_compared"].empty());
  for (const char* field : {"name", "max_abs", "max_rel", "tolerance", "pass"})
    EXPECT_TRUE(report["checks"][0].contains(field)) << field;
}

TEST(ParityVerb, RefusesALayoutOfMoreThanOneRankByName) {
  const test::ProgramResult result =
      test::run_program(command("dense-tiny", {"--tensor-model-parallel-size", "2"}));
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.err.find("--tensor-model-parallel-size 2 needs more than one rank"),
            std::string::npos)
      << result.err;
}

TEST(Comparison, ValuesThatAreNotNumbersFail) {
  Comparison comparison;
  comparison.compare("logits", "a", std::nan(""), 1.0, Tolerance::absolute(1.0));
  comparison.compare("logits", "b", 1.0, 1.0, Tolerance::absolute(0.0));
  EXPECT_FALSE(comparison.checks()[0].pass);
  EXPECT_TRUE(comparison.checks()[1].pass);
  EXPECT_TRUE(comparison.to_json()[0]["max_abs"].is_null());
}

}  // namespace
}  // namespace lapidary::cli
