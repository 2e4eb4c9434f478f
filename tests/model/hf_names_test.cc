#include "model/gemma4/hf_names.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "support/paths.h"

namespace lapidary::model {
namespace {

using checkpoint::SafetensorsHeader;
using checkpoint::StoredDtype;
using checkpoint::TensorInfo;

Gemma4Config published(const std::string& size) {
  const std::string path = test::project_path("tests/data/gemma4-configs/" + size + ".json");
  return Gemma4Config::from_json(read_json_file(path), path);
}

std::string fixture(const std::string& name) {
  return test::project_path("tests/data/gemma4-fixtures/" + name);
}

std::vector<TensorInfo> tensors_of(const std::string& path) {
  const std::string bytes = read_file(path);
  return SafetensorsHeader::parse(std::as_bytes(std::span(bytes)), bytes.size(), path).tensors();
}

std::vector<TensorInfo> moe_tensors() {
  return tensors_of(fixture("moe-tiny") + "/model.safetensors");
}

TEST(HfNames, CountsOfThePublishedSizesHold) {
  EXPECT_EQ(expected_tensors(published("26b-a4b")).size(), 657U);
  EXPECT_EQ(expected_tensors(published("31b")).size(), 832U);
  EXPECT_EQ(expected_tensors(published("12b")).size(), 666U);
  EXPECT_EQ(expected_tensors(published("e2b")).size(), 540U);
  EXPECT_EQ(expected_tensors(published("e4b")).size(), 665U);
}

TEST(HfNames, ParameterCountsOfThePublishedSizesHold) {
  const auto billions = [](Dim count) { return static_cast<double>(count) * 1e-9; };
  const ParameterCounts moe = count_parameters(published("26b-a4b"));
  EXPECT_NEAR(billions(moe.total), 25.233, 0.0005);
  EXPECT_EQ(moe.total - moe.active, Dim{30} * 120 * 3 * 704 * 2816);  // 120 of 128 experts idle
  EXPECT_EQ(moe.embedding, Dim{262144} * 2816);
  EXPECT_NEAR(billions(count_parameters(published("31b")).total), 30.697, 0.0005);
  EXPECT_NEAR(billions(count_parameters(published("12b")).total), 11.907, 0.0005);
  const ParameterCounts dense = count_parameters(published("31b"));
  EXPECT_EQ(dense.active, dense.total);
}

TEST(HfNames, ParametersAreThoseThatTransformersCounts) {
  EXPECT_EQ(count_parameters(Gemma4Config::read(fixture("moe-tiny"))).total, 524624);
  EXPECT_EQ(count_parameters(Gemma4Config::read(fixture("dense-tiny"))).total, 201488);
  EXPECT_EQ(count_parameters(Gemma4Config::read(fixture("e2b-tiny"))).total, 112592);
}

TEST(HfNames, FixturesHoldWhatTheTableSays) {
  for (const char* name : {"moe-tiny", "dense-tiny", "moe-tiny-bf16"}) {
    const TensorMatch match = match_tensors(Gemma4Config::read(fixture(name)),
                                            tensors_of(fixture(name) + "/model.safetensors"));
    EXPECT_TRUE(match.problems.empty()) << name << ": " << join(match.problems);
    EXPECT_FALSE(match.has_tied_head);
    EXPECT_TRUE(match.unused_kv.empty());
    const bool is_wrapped = std::string(name) == "moe-tiny-bf16";
    EXPECT_EQ(match.prefix, is_wrapped ? "model.language_model." : "model.");
    EXPECT_EQ(match.pass_through.size(), is_wrapped ? 18U : 0U);
  }
}

TEST(HfNames, KeysAndValuesOfSharedLayersAreToleratedAndMayBeAbsent) {
  const Gemma4Config config = Gemma4Config::read(fixture("e2b-tiny"));
  std::vector<TensorInfo> all;
  for (const char* shard : {"1", "2", "3"}) {
    const std::vector<TensorInfo> some =
        tensors_of(fixture("e2b-tiny") + "/model-0000" + shard + "-of-00003.safetensors");
    all.insert(all.end(), some.begin(), some.end());
  }
  const TensorMatch match = match_tensors(config, all);
  EXPECT_TRUE(match.problems.empty()) << join(match.problems);
  EXPECT_EQ(match.unused_kv.size(), 15U);
  std::erase_if(all, [&](const TensorInfo& tensor) {
    return std::find(match.unused_kv.begin(), match.unused_kv.end(), tensor.name) !=
           match.unused_kv.end();
  });
  EXPECT_TRUE(match_tensors(config, all).problems.empty());
}

TEST(HfNames, AllProblemsAreListedAtOnce) {
  std::vector<TensorInfo> tensors = moe_tensors();
  std::erase_if(tensors, [](const TensorInfo& tensor) {
    return tensor.name == "model.layers.2.layer_scalar" || tensor.name == "model.norm.weight";
  });
  for (TensorInfo& tensor : tensors) {
    if (tensor.name == "model.layers.5.self_attn.k_proj.weight") tensor.shape = {64, 64};
    if (tensor.name == "model.layers.0.router.scale") tensor.dtype = StoredDtype::kI32;
  }
  tensors.push_back({"model.layers.5.self_attn.v_proj.weight", StoredDtype::kF32, {32, 64}, 0, 0});
  tensors.push_back({"model.layers.6.layer_scalar", StoredDtype::kF32, {1}, 0, 0});
  const Gemma4Config config = Gemma4Config::read(fixture("moe-tiny"));
  std::vector<std::string> problems = match_tensors(config, tensors).problems;
  std::sort(problems.begin(), problems.end());
  EXPECT_EQ(
      problems,
      (std::vector<std::string>{
          "mis-shaped tensor model.layers.5.self_attn.k_proj.weight: found [64, 64], the "
          "config asks for [32, 64]",
          "missing tensor model.layers.2.layer_scalar [1]", "missing tensor model.norm.weight [64]",
          "tensor model.layers.0.router.scale: found dtype I32, allowed are F32, BF16 and "
          "F16",
          "unexpected tensor model.layers.5.self_attn.v_proj.weight [32, 64]",
          "unexpected tensor model.layers.6.layer_scalar [1]"}));
  try {
    require_tensors(config, tensors, "folder");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.kind()), "corrupt");
    EXPECT_NE(std::string(error.what()).find("(6 problems)"), std::string::npos) << error.what();
  }
}

TEST(HfNames, ThePrefixIsThatOfTheFile) {
  std::vector<TensorInfo> tensors = moe_tensors();
  Gemma4Config config = Gemma4Config::read(fixture("moe-tiny"));
  config.layout = CheckpointLayout::kWrapped;
  EXPECT_EQ(match_tensors(config, tensors).prefix, "model.");
  for (TensorInfo& tensor : tensors) tensor.name.insert(6, "language_model.");
  config.layout = CheckpointLayout::kTextOnly;
  const TensorMatch match = match_tensors(config, tensors);
  EXPECT_EQ(match.prefix, "model.language_model.");
  EXPECT_TRUE(match.problems.empty());
  EXPECT_EQ(match_tensors(config, {}).problems.size(), 133U);
}

TEST(HfNames, AStoredHeadIsKnownAndItsShapeChecked) {
  std::vector<TensorInfo> tensors = moe_tensors();
  tensors.push_back({"lm_head.weight", StoredDtype::kF32, {512, 64}, 0, 0});
  const Gemma4Config config = Gemma4Config::read(fixture("moe-tiny"));
  EXPECT_TRUE(match_tensors(config, tensors).has_tied_head);
  EXPECT_TRUE(match_tensors(config, tensors).problems.empty());
  tensors.back().shape = {64, 512};
  EXPECT_EQ(match_tensors(config, tensors).problems.size(), 1U);
}

TEST(HfNames, OnlyLayerScalarsAreBuffers) {
  for (const ExpectedTensor& tensor : expected_tensors(Gemma4Config::read(fixture("e2b-tiny")))) {
    const bool is_scalar = tensor.name.ends_with("layer_scalar");
    EXPECT_EQ(tensor.kind == TensorKind::kBuffer, is_scalar) << tensor.name;
    EXPECT_EQ(tensor.layer >= 0, tensor.name.starts_with("layers.")) << tensor.name;
  }
}

}  // namespace
}  // namespace lapidary::model
