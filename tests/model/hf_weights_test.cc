#include "model/gemma4/hf_weights.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "support/paths.h"

namespace lapidary::model {
namespace {

using checkpoint::HfCheckpoint;
using checkpoint::NamedTensor;
using checkpoint::TensorInfo;

std::string fixture(const std::string& name) {
  return test::project_path("tests/data/gemma4-fixtures/" + name);
}

std::vector<NamedTensor> load_all(const Gemma4Config& config, const OpenedWeights& weights) {
  std::vector<NamedTensor> out;
  for (const ExpectedTensor& tensor : expected_tensors(config))
    out.push_back({tensor.name, weights.files->load(weights.match.prefix + tensor.name),
                   c10::ScalarType::Undefined});
  return out;
}

class WeightsFixture : public ::testing::TestWithParam<const char*> {};

TEST_P(WeightsFixture, LoadedAndSavedAgainEveryTensorHasItsBytes) {
  const Gemma4Config config = Gemma4Config::read(fixture(GetParam()));
  const OpenedWeights weights = open_weights(config, fixture(GetParam()));
  const test::ScratchFolder scratch;
  SaveWeightsOptions options;
  options.source = &weights;
  options.max_shard_bytes = 100'000;
  save_weights(scratch.file("out"), config, load_all(config, weights), options);

  const Gemma4Config saved_config = Gemma4Config::read(scratch.file("out"));
  EXPECT_EQ(saved_config, config);
  const OpenedWeights saved = open_weights(saved_config, scratch.file("out"));
  ASSERT_EQ(saved.files->tensors().size(), weights.files->tensors().size());
  for (const TensorInfo& info : weights.files->tensors()) {
    const auto bytes = weights.files->bytes(info.name);
    EXPECT_EQ(saved.files->find(info.name)->dtype, info.dtype);
    EXPECT_EQ(std::memcmp(saved.files->bytes(info.name).data(), bytes.data(), bytes.size()), 0)
        << info.name;
  }
  EXPECT_EQ(read_file(scratch.file("out/config.json")),
            read_file(fixture(GetParam()) + "/config.json"));
}

INSTANTIATE_TEST_SUITE_P(Fixtures, WeightsFixture,
                         ::testing::Values("moe-tiny", "dense-tiny", "moe-tiny-bf16", "e2b-tiny"));

TEST(HfWeights, UnusedKeysAndValuesMayBeLeftOut) {
  const Gemma4Config config = Gemma4Config::read(fixture("e2b-tiny"));
  const OpenedWeights weights = open_weights(config, fixture("e2b-tiny"));
  const test::ScratchFolder scratch;
  SaveWeightsOptions options;
  options.source = &weights;
  options.unused_kv = UnusedKv::kDrop;
  save_weights(scratch.file("out"), config, load_all(config, weights), options);
  EXPECT_EQ(HfCheckpoint::open(scratch.file("out"))->tensors().size(), 160U);
}

// moe-tiny saved with a head beside the embedding: `head`, or a copy of the embedding.
void save_with_head(const std::string& folder, const Gemma4Config& config, const at::Tensor& head) {
  const OpenedWeights weights = open_weights(config, fixture("moe-tiny"));
  std::vector<NamedTensor> tensors = load_all(config, weights);
  for (NamedTensor& tensor : tensors) tensor.name = "model." + tensor.name;
  tensors.push_back({"lm_head.weight", head, c10::ScalarType::Undefined});
  checkpoint::save_hf_checkpoint(folder, config.to_json(), tensors, {});
}

TEST(HfWeights, AStoredHeadMustEqualTheEmbedding) {
  const Gemma4Config config = Gemma4Config::read(fixture("moe-tiny"));
  const at::Tensor table =
      open_weights(config, fixture("moe-tiny")).files->load("model.embed_tokens.weight");
  const test::ScratchFolder scratch;
  save_with_head(scratch.file("tied"), config, table);
  EXPECT_TRUE(open_weights(config, scratch.file("tied")).match.has_tied_head);
  save_with_head(scratch.file("own"), config, table.mul(2));
  try {
    open_weights(config, scratch.file("own"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.kind()), "unsupported");
    EXPECT_NE(std::string(error.what()).find("lm_head.weight is not model.embed_tokens.weight"),
              std::string::npos)
        << error.what();
  }
}

TEST(HfWeights, AWrapperWithATextOnlyFileIsSavedUnderTheWrappersNames) {
  Gemma4Config config = Gemma4Config::read(fixture("moe-tiny"));
  config.layout = CheckpointLayout::kWrapped;
  config.source = {};
  const OpenedWeights weights = open_weights(config, fixture("moe-tiny"));
  const test::ScratchFolder scratch;
  SaveWeightsOptions options;
  options.source = &weights;
  save_weights(scratch.file("out"), config, load_all(config, weights), options);
  const Gemma4Config saved = Gemma4Config::read(scratch.file("out"));
  EXPECT_EQ(saved, config);
  EXPECT_EQ(open_weights(saved, scratch.file("out")).match.prefix, "model.language_model.");
}

}  // namespace
}  // namespace lapidary::model
