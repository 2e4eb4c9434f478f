// The models of tests/data/gemma4-fixtures.
#pragma once

#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "checkpoint/hf_checkpoint.h"
#include "checkpoint/safetensors_file.h"
#include "model/gemma4/model.h"
#include "support/paths.h"

namespace lapidary::model::test {

inline constexpr const char* kFixtures[] = {"moe-tiny", "dense-tiny", "moe-tiny-bf16", "e2b-tiny"};

inline std::string fixture_folder(const std::string& name) {
  return lapidary::test::project_path("tests/data/gemma4-fixtures/" + name);
}

inline Gemma4Model load_fixture(const std::string& name,
                                c10::ScalarType dtype = c10::ScalarType::Float) {
  const auto checkpoint = checkpoint::HfCheckpoint::open(fixture_folder(name));
  return Gemma4Model::load(*checkpoint, {.dtype = dtype, .device = c10::kCPU});
}

inline at::Tensor expected(const std::string& fixture, const std::string& tensor) {
  const auto file =
      checkpoint::SafetensorsFile::open(fixture_folder(fixture) + "/expected.safetensors");
  return file->view(file->at(tensor)).clone();
}

// The three sequences of a fixture.
inline std::vector<at::Tensor> sequences(const std::string& fixture) {
  std::vector<at::Tensor> out;
  for (int i = 0; i < 3; ++i) out.push_back(expected(fixture, cat("seq", i, ".input_ids")));
  return out;
}

inline std::vector<Dim> starts_of(const std::vector<at::Tensor>& ids) {
  std::vector<Dim> starts{0};
  for (const at::Tensor& one : ids) starts.push_back(starts.back() + one.size(0));
  return starts;
}

}  // namespace lapidary::model::test
