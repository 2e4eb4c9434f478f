#include "checkpoint/save_hf.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <filesystem>

#include "base/file.h"
#include "checkpoint/raw_file.h"
#include "support/paths.h"

namespace lapidary::checkpoint {
namespace {

namespace fs = std::filesystem;

std::vector<NamedTensor> load_all(const HfCheckpoint& files) {
  std::vector<NamedTensor> out;
  for (const TensorInfo& info : files.tensors())
    out.push_back({info.name, files.load(info.name), c10::ScalarType::Undefined});
  return out;
}

void expect_equal_bytes(const HfCheckpoint& a, const HfCheckpoint& b) {
  ASSERT_EQ(a.tensors().size(), b.tensors().size());
  for (const TensorInfo& info : a.tensors()) {
    const TensorInfo* other = b.find(info.name);
    ASSERT_NE(other, nullptr) << info.name;
    EXPECT_EQ(other->dtype, info.dtype) << info.name;
    EXPECT_EQ(other->shape, info.shape) << info.name;
    const auto bytes = a.bytes(info.name);
    ASSERT_EQ(b.bytes(info.name).size(), bytes.size()) << info.name;
    EXPECT_EQ(std::memcmp(bytes.data(), b.bytes(info.name).data(), bytes.size()), 0) << info.name;
  }
}

class SaveFixture : public ::testing::TestWithParam<const char*> {};

TEST_P(SaveFixture, EveryTensorKeepsItsBytesInOneFileAndInShards) {
  const std::string source =
      test::project_path(std::string("tests/data/gemma4-fixtures/") + GetParam());
  const auto files = HfCheckpoint::open(source);
  const Json config = read_json_file(source + "/config.json");
  const test::ScratchFolder scratch;
  SaveOptions options;
  options.source_folder = source;
  save_hf_checkpoint(scratch.file("one"), config, load_all(*files), options);
  const auto one = HfCheckpoint::open(scratch.file("one"));
  EXPECT_EQ(one->files().size(), 1U);
  expect_equal_bytes(*files, *one);

  options.max_shard_bytes = 100'000;
  save_hf_checkpoint(scratch.file("many"), config, load_all(*files), options);
  const auto many = HfCheckpoint::open(scratch.file("many"));
  EXPECT_GT(many->files().size(), 4U);
  expect_equal_bytes(*files, *many);

  EXPECT_EQ(read_json_file(scratch.file("many/config.json")), config);
  EXPECT_EQ(read_file(scratch.file("many/generation_config.json")),
            read_file(source + "/generation_config.json"));
  EXPECT_FALSE(fs::exists(scratch.file("many/expected.json")));
}

INSTANTIATE_TEST_SUITE_P(Fixtures, SaveFixture,
                         ::testing::Values("moe-tiny", "dense-tiny", "moe-tiny-bf16", "e2b-tiny"));

TEST(SaveHf, AFileOfTheReferenceLibraryIsWrittenByteForByte) {
  for (const char* name : {"moe-tiny", "dense-tiny", "moe-tiny-bf16"}) {
    const std::string source =
        test::project_path(std::string("tests/data/gemma4-fixtures/") + name);
    const test::ScratchFolder scratch;
    write_hf_weights(scratch.path(), load_all(*HfCheckpoint::open(source)), {});
    EXPECT_TRUE(read_file(source + "/model.safetensors") ==
                read_file(scratch.file("model.safetensors")))
        << name;
  }
}

std::vector<NamedTensor> zeros_of(const std::vector<std::pair<std::string, int64_t>>& bytes) {
  std::vector<NamedTensor> out;
  for (const auto& [name, size] : bytes)
    out.push_back({name, at::zeros({size}, at::TensorOptions(c10::ScalarType::Byte)),
                   c10::ScalarType::Undefined});
  return out;
}

TEST(SaveHf, ShardsAreSplitAsHuggingFaceHubSplitsThem) {
  const test::ScratchFolder scratch;
  SaveOptions options;
  options.max_shard_bytes = 10;
  options.num_parameters = 7;
  // A tensor above the limit stands alone and does not end the shard before it.
  write_hf_weights(scratch.path(),
                   zeros_of({{"l.10", 2}, {"l.2", 6}, {"l.1", 6}, {"l.3", 11}, {"l.4", 4}}),
                   options);
  const Json index = read_json_file(scratch.file("model.safetensors.index.json"));
  EXPECT_EQ(dump_json(index), R"({"metadata":{"total_parameters":7,"total_size":29},"weight_map":{)"
                              R"("l.1":"model-00001-of-00004.safetensors",)"
                              R"("l.10":"model-00004-of-00004.safetensors",)"
                              R"("l.2":"model-00003-of-00004.safetensors",)"
                              R"("l.3":"model-00002-of-00004.safetensors",)"
                              R"("l.4":"model-00003-of-00004.safetensors"}})");
  EXPECT_EQ(HfCheckpoint::open(scratch.path())->tensors().size(), 5U);
}

TEST(SaveHf, ConvertsAndGathersWhileWriting) {
  const test::ScratchFolder scratch;
  const at::Tensor values = at::zeros({3, 5}, at::TensorOptions(c10::ScalarType::Float)).add(0.1);
  write_hf_weights(scratch.path(), {{"a", values.t(), c10::ScalarType::BFloat16}}, {});
  const at::Tensor back = HfCheckpoint::open(scratch.path())->load("a");
  EXPECT_TRUE(at::equal(back, values.t().to(c10::ScalarType::BFloat16)));
}

TEST(SaveHf, PassThroughTensorsKeepTheirBytes) {
  const auto source =
      HfCheckpoint::open(test::project_path("tests/data/gemma4-fixtures/moe-tiny-bf16"));
  const test::ScratchFolder scratch;
  SaveOptions options;
  options.source = source.get();
  options.pass_through = {"model.vision_tower.std_bias"};
  write_hf_weights(scratch.path(), zeros_of({{"a", 3}}), options);
  const auto saved = HfCheckpoint::open(scratch.path());
  const auto bytes = source->bytes("model.vision_tower.std_bias");
  EXPECT_EQ(saved->find("model.vision_tower.std_bias")->dtype, StoredDtype::kBF16);
  EXPECT_EQ(
      std::memcmp(saved->bytes("model.vision_tower.std_bias").data(), bytes.data(), bytes.size()),
      0);
}

// While alive, no file of this process can grow beyond `bytes`: what a full disk looks like.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(SaveHf, AFullDiskLeavesNothingBehind) {
  const test::ScratchFolder scratch;
  {
    const FileSizeLimit limit(100'000);
    test::expect_error(
        [&] {
          save_hf_checkpoint(scratch.file("out"), Json::object(),
                             zeros_of({{"a", 50'000}, {"b", 150'000}}), {});
        },
        ErrorKind::kExhausted, {"model.safetensors", "195.", "KiB"});
  }
  EXPECT_TRUE(fs::is_empty(scratch.path()));
}

TEST(SaveHf, FoldersThatCannotBeWrittenAreNamed) {
  test::expect_error(
      [] {
        save_hf_checkpoint("/proc/out", Json::object(), zeros_of({{"a", 1}}), {});
      },
      ErrorKind::kIo, {"cannot create /proc/out"});
  const test::ScratchFolder scratch;
  write_hf_weights(scratch.path(), zeros_of({{"a", 1}}), {});
  test::expect_error(
      [&] {
        write_hf_weights(scratch.path(), zeros_of({{"a", 1}}), {});
      },
      ErrorKind::kInvalidArgument, {"it holds model.safetensors"});
}

}  // namespace
}  // namespace lapidary::checkpoint
