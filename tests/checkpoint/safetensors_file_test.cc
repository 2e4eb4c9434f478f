#include "checkpoint/safetensors_file.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "checkpoint/raw_file.h"
#include "checkpoint/safetensors_writer.h"
#include "support/paths.h"

namespace lapidary::checkpoint {
namespace {

std::string fixture() {
  return test::project_path("tests/data/gemma4-fixtures/moe-tiny/model.safetensors");
}

// A file with one tensor "a" of these float32 values in this shape.
std::string one_tensor_file(const test::ScratchFolder& scratch, const std::vector<float>& values,
                            std::vector<Dim> shape) {
  SafetensorsWriter writer(scratch.file("a.safetensors"),
                           {{"a", StoredDtype::kF32, std::move(shape), 0, 0}}, {});
  writer.append(std::as_bytes(std::span(values)));
  writer.finish();
  return scratch.file("a.safetensors");
}

TEST(SafetensorsFile, AViewLiesInTheMapAndOutlivesTheFileObject) {
  at::Tensor view;
  {
    const auto file = SafetensorsFile::open(fixture());
    const TensorInfo& info = file->at("model.norm.weight");
    view = file->view(info);
    EXPECT_EQ(view.const_data_ptr(), file->bytes(info).data());
  }
  EXPECT_EQ(view.scalar_type(), c10::ScalarType::Float);
  EXPECT_EQ(view.sizes(), c10::IntArrayRef({64}));
  EXPECT_GT(view.abs().sum().item<float>(), 0.0F);
}

TEST(SafetensorsFile, CopyEqualsViewAlsoAfterItsPagesWereReleased) {
  const auto file = SafetensorsFile::open(fixture());
  for (const TensorInfo& info : file->header().tensors()) {
    const at::Tensor copy = at::empty(info.shape, at::TensorOptions(scalar_type(info.dtype)));
    file->copy_into(info, copy);
    EXPECT_TRUE(at::equal(copy, file->view(info))) << info.name;
  }
}

TEST(SafetensorsFile, CopyConvertsAndWritesIntoAParameter) {
  const auto file = SafetensorsFile::open(fixture());
  const TensorInfo& info = file->at("model.layers.0.self_attn.q_proj.weight");
  const at::Tensor half =
      at::empty(info.shape, at::TensorOptions(c10::ScalarType::BFloat16)).requires_grad_(true);
  file->copy_into(info, half);
  EXPECT_TRUE(half.is_leaf() && half.requires_grad());
  EXPECT_TRUE(at::equal(half.detach(), file->view(info).to(c10::ScalarType::BFloat16)));
}

TEST(SafetensorsFile, BytesThatAreNotAlignedAreCopiedNotViewed) {
  const test::ScratchFolder scratch;
  // One byte before the float32 tensor, and a header of odd length.
  std::string bytes =
      test::raw_safetensors(R"({"u":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                            R"("a":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}})",
                            9);
  const float value = 2.5F;
  std::memcpy(bytes.data() + bytes.size() - 4, &value, 4);
  test::write_text(scratch.file("a"), bytes);
  const auto file = SafetensorsFile::open(scratch.file("a"));
  EXPECT_FALSE(file->can_view(file->at("a")));
  const at::Tensor copy = at::empty({2}, at::TensorOptions(c10::ScalarType::Float));
  file->copy_into(file->at("a"), copy);
  EXPECT_EQ(copy[1].item<float>(), 2.5F);
}

TEST(SafetensorsFile, ValuesThatAreNotFiniteAreRefusedByNameAndPlace) {
  const test::ScratchFolder scratch;
  std::vector<float> values(2 * 3 * 4, 1.0F);
  values[17] = std::nanf("");
  values[20] = INFINITY;
  const auto file = SafetensorsFile::open(one_tensor_file(scratch, values, {2, 3, 4}));
  const at::Tensor copy = at::empty({2, 3, 4}, at::TensorOptions(c10::ScalarType::Float));
  test::expect_error(
      [&] { file->copy_into(file->at("a"), copy); }, ErrorKind::kCorrupt,
      {"a.safetensors: tensor a has 2 values that are not finite", "the first at [1, 1, 1]"});
  test::expect_error([&] { file->require_finite(file->at("a")); }, ErrorKind::kCorrupt,
                     {"[1, 1, 1]"});
  file->copy_into(file->at("a"), copy, FiniteCheck::kSkip);
  EXPECT_TRUE(std::isnan(copy.view({-1})[17].item<float>()));
}

TEST(SafetensorsFile, LargeTensorsComeInPieces) {
  const test::ScratchFolder scratch;
  std::vector<float> values(size_t{9} << 20);  // 36 MiB: three pieces, the last one short
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 1000);
  const auto file =
      SafetensorsFile::open(one_tensor_file(scratch, values, {static_cast<Dim>(values.size())}));
  const at::Tensor copy =
      at::empty({static_cast<Dim>(values.size())}, at::TensorOptions(c10::ScalarType::Float));
  file->copy_into(file->at("a"), copy);
  EXPECT_EQ(std::memcmp(copy.const_data_ptr(), values.data(), values.size() * sizeof(float)), 0);
}

TEST(SafetensorsFile, NamesWhatIsMissing) {
  test::expect_error([] { SafetensorsFile::open("/nonexistent/model.safetensors"); },
                     ErrorKind::kNotFound, {"/nonexistent/model.safetensors"});
  test::expect_error([] { SafetensorsFile::open(fixture())->at("model.nothing"); },
                     ErrorKind::kNotFound,
                     {"moe-tiny/model.safetensors has no tensor model.nothing"});
  const test::ScratchFolder scratch;
  test::write_text(scratch.file("empty"), "");
  test::expect_error([&] { SafetensorsFile::open(scratch.file("empty")); }, ErrorKind::kCorrupt,
                     {"0 bytes are too few"});
}

}  // namespace
}  // namespace lapidary::checkpoint
