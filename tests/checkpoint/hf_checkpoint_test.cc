#include "checkpoint/hf_checkpoint.h"

#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "checkpoint/raw_file.h"
#include "checkpoint/safetensors_writer.h"
#include "support/paths.h"

namespace lapidary::checkpoint {
namespace {

namespace fs = std::filesystem;

std::string fixture(const std::string& name) {
  return test::project_path("tests/data/gemma4-fixtures/" + name);
}

// A folder with the sharded fixture, to be damaged.
class ShardedCopy {
 public:
  ShardedCopy() {
    for (const fs::directory_entry& entry : fs::directory_iterator(fixture("e2b-tiny"))) {
      if (entry.path().filename().string().starts_with("model"))
        fs::copy(entry.path(), scratch_.path());
    }
    index_ = read_json_file(scratch_.file("model.safetensors.index.json"));
  }
  const std::string& path() const { return scratch_.path(); }
  std::string file(const std::string& name) const { return scratch_.file(name); }
  Json& index() { return index_; }
  void write_index() const {
    write_file_atomically(scratch_.file("model.safetensors.index.json"), dump_json(index_));
  }

 private:
  test::ScratchFolder scratch_;
  Json index_;
};

TEST(HfCheckpoint, OpensOneFileAndShards) {
  const auto single = HfCheckpoint::open(fixture("moe-tiny"));
  EXPECT_EQ(single->files().size(), 1U);
  EXPECT_EQ(single->tensors().size(), 133U);
  const auto sharded = HfCheckpoint::open(fixture("e2b-tiny"));
  EXPECT_EQ(sharded->files().size(), 3U);
  EXPECT_TRUE(sharded->has("model.embed_tokens_per_layer.weight"));
  EXPECT_EQ(sharded->load("model.norm.weight").sizes(), c10::IntArrayRef({40}));
  EXPECT_EQ(HfCheckpoint::open(fixture("moe-tiny") + "/model.safetensors")->tensors().size(), 133U);
}

TEST(HfCheckpoint, NamesAreInNaturalOrder) {
  std::vector<std::string> names = {
      "layers.10.a", "layers.9.b", "layers.9.a.c", "layers.9.a", "norm_2.weight",
      "norm_10",     "norm",       "norm_.x",      "7",          "layers.x"};
  std::sort(names.begin(), names.end(), natural_less);
  EXPECT_EQ(names, (std::vector<std::string>{"7", "layers.9.a", "layers.9.a.c", "layers.9.b",
                                             "layers.10.a", "layers.x", "norm", "norm_.x",
                                             "norm_2.weight", "norm_10"}));
  EXPECT_FALSE(natural_less("a.1", "a.1"));
}

TEST(HfCheckpoint, LoadsInTheDtypeAskedFor) {
  const auto files = HfCheckpoint::open(fixture("moe-tiny-bf16"));
  const std::string name = "model.language_model.layers.1.mlp.up_proj.weight";
  const at::Tensor stored = files->load(name);
  EXPECT_EQ(stored.scalar_type(), c10::ScalarType::BFloat16);
  LoadOptions options;
  options.dtype = c10::ScalarType::Float;
  EXPECT_TRUE(at::equal(files->load(name, options), stored.to(c10::ScalarType::Float)));
}

TEST(HfCheckpoint, MappedTensorsLieInTheFileOwnedOnesDoNot) {
  const auto files = HfCheckpoint::open(fixture("moe-tiny"));
  LoadOptions mapped;
  mapped.residency = Residency::kMapped;
  EXPECT_EQ(files->load("model.norm.weight", mapped).const_data_ptr(),
            files->bytes("model.norm.weight").data());
  EXPECT_NE(files->load("model.norm.weight").const_data_ptr(),
            files->bytes("model.norm.weight").data());
  mapped.dtype = c10::ScalarType::Double;
  EXPECT_EQ(files->load("model.norm.weight", mapped).scalar_type(), c10::ScalarType::Double);
}

TEST(HfCheckpoint, LoadsIntoRowsOfALargerTensor) {
  const auto files = HfCheckpoint::open(fixture("moe-tiny"));
  const at::Tensor gate = files->load("model.layers.0.mlp.gate_proj.weight");
  const at::Tensor both = gate.new_zeros({2 * gate.size(0), gate.size(1)});
  files->load_into("model.layers.0.mlp.gate_proj.weight",
                   both.narrow(0, gate.size(0), gate.size(0)));
  EXPECT_TRUE(at::equal(both.narrow(0, gate.size(0), gate.size(0)), gate));
  EXPECT_EQ(both.narrow(0, 0, gate.size(0)).abs().max().item<float>(), 0.0F);
  test::expect_error([&] { files->load_into("model.norm.weight", both); }, ErrorKind::kCorrupt,
                     {"model.norm.weight has shape [64], expected [192, 64]"});
}

TEST(HfCheckpoint, UnknownNamesGetTheNearestOne) {
  const auto files = HfCheckpoint::open(fixture("moe-tiny"));
  test::expect_error([&] { files->load("model.norm.weigth"); }, ErrorKind::kNotFound,
                     {"no tensor model.norm.weigth", "model.norm.weight"});
}

TEST(HfCheckpoint, MissingFoldersAndWeightsAreNamed) {
  test::expect_error([] { HfCheckpoint::open("/nonexistent"); }, ErrorKind::kNotFound,
                     {"/nonexistent", "no such folder"});
  const test::ScratchFolder scratch;
  test::expect_error([&] { HfCheckpoint::open(scratch.path()); }, ErrorKind::kNotFound,
                     {"neither model.safetensors nor model.safetensors.index.json"});
}

TEST(HfCheckpoint, AllProblemsOfAnIndexAreListedAtOnce) {
  ShardedCopy copy;
  fs::remove(copy.file("model-00002-of-00003.safetensors"));
  Json& weight_map = copy.index()["weight_map"];
  weight_map["model.invented"] = "model-00001-of-00003.safetensors";
  weight_map["model.embed_tokens.weight"] = "model-00003-of-00003.safetensors";
  weight_map.erase("model.embed_tokens_per_layer.weight");
  copy.write_index();
  test::expect_error(
      [&] { HfCheckpoint::open(copy.path()); }, ErrorKind::kCorrupt,
      {"model-00002-of-00003.safetensors: No such file",
       "tensor model.invented is not in model-00001-of-00003.safetensors, where the index",
       "tensor model.embed_tokens.weight is not in model-00003-of-00003.safetensors",
       "tensor model.embed_tokens.weight is in model-00001-of-00003.safetensors, the index places",
       "tensor model.embed_tokens_per_layer.weight of model-00001-of-00003.safetensors is not in "
       "the index"});
}

TEST(HfCheckpoint, DamagedShardsAndIndexesAreRefused) {
  ShardedCopy copy;
  fs::resize_file(copy.file("model-00003-of-00003.safetensors"), 1000);
  test::expect_error([&] { HfCheckpoint::open(copy.path()); }, ErrorKind::kCorrupt,
                     {"model-00003-of-00003.safetensors", "cut short"});
  copy.index()["weight_map"]["model.norm.weight"] = "../model-00003-of-00003.safetensors";
  copy.write_index();
  test::expect_error([&] { HfCheckpoint::open(copy.path()); }, ErrorKind::kCorrupt,
                     {"model.norm.weight", "is not the name of a file in the folder"});
  copy.index()["weight_map"] = 3;
  copy.write_index();
  test::expect_error([&] { HfCheckpoint::open(copy.path()); }, ErrorKind::kCorrupt,
                     {"\"weight_map\" must be an object"});
  test::write_text(copy.file("model.safetensors.index.json"), "[1, 2");
  test::expect_error([&] { HfCheckpoint::open(copy.path()); }, ErrorKind::kCorrupt,
                     {"not valid JSON"});
}

// Peak of this process's memory since the last reset, in bytes.
size_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  size_t kilobytes = 0;
  while (status >> word) {
    if (word == "VmHWM:") status >> kilobytes;
  }
  return kilobytes * 1024;
}

TEST(HfCheckpoint, LoadingHoldsTheWeightsOnce) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the address sanitizer's shadow memory counts too";
#endif
  const test::ScratchFolder scratch;
  constexpr size_t kTensors = 4;
  constexpr size_t kTensorBytes = size_t{48} << 20;
  {
    std::vector<TensorInfo> infos;
    for (size_t i = 0; i < kTensors; ++i)
      infos.push_back({cat("t", i), StoredDtype::kF32, {kTensorBytes / 4}, 0, 0});
    SafetensorsWriter writer(scratch.file("model.safetensors"), infos, {});
    const std::vector<std::byte> zeros(size_t{1} << 20);
    for (size_t i = 0; i < kTensors * kTensorBytes / zeros.size(); ++i) writer.append(zeros);
    writer.finish();
  }
  std::ofstream("/proc/self/clear_refs") << "5";  // resets the peak to what is resident now
  const size_t before = peak_bytes();
  const auto files = HfCheckpoint::open(scratch.path());
  std::vector<at::Tensor> weights;
  for (const TensorInfo& info : files->tensors()) weights.push_back(files->load(info.name));
  const double ratio =
      static_cast<double>(peak_bytes() - before) / static_cast<double>(files->file_bytes());
  RecordProperty("peak_over_file", std::to_string(ratio));
  EXPECT_GT(ratio, 0.9);  // else nothing was measured
  EXPECT_LT(ratio, 1.15);
}

}  // namespace
}  // namespace lapidary::checkpoint
