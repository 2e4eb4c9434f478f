// Decoders for tests of the engine: one that follows a script, one that attends.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "rollout/decoder.h"

namespace lapidary::test {

// After token t comes next(t), with a probability near 1. Keeps no keys; remembers what it was
// asked for.
class ScriptedDecoder : public rollout::Decoder {
 public:
  explicit ScriptedDecoder(std::function<int64_t(int64_t)> next, Dim vocab_size = 100,
                           Dim max_positions = 1000);
  const std::vector<model::AttentionLayer>& layers() const override { return layers_; }
  Dim vocab_size() const override { return vocab_size_; }
  Dim max_positions() const override { return max_positions_; }
  c10::ScalarType dtype() const override { return c10::ScalarType::Float; }
  c10::Device device() const override { return c10::kCPU; }
  at::Tensor logits(const at::Tensor& ids, model::AttentionContext& context,
                    rollout::LogitRows rows) override;

  struct Call {
    Dim tokens;
    rollout::LogitRows rows;
  };
  std::vector<Call> calls;

 private:
  std::function<int64_t(int64_t)> next_;
  Dim vocab_size_;
  Dim max_positions_;
  std::vector<model::AttentionLayer> layers_;
};

// Random weights; sliding layers with different windows, a full one, and two that borrow keys. Each
// row is computed by itself, so that equal sequences have equal bits however they are batched.
class AttendingDecoder : public rollout::Decoder {
 public:
  explicit AttendingDecoder(uint64_t seed, Dim vocab_size = 50);
  const std::vector<model::AttentionLayer>& layers() const override { return layers_; }
  Dim vocab_size() const override { return vocab_size_; }
  Dim max_positions() const override { return 500; }
  c10::ScalarType dtype() const override { return c10::ScalarType::Float; }
  c10::Device device() const override { return c10::kCPU; }
  at::Tensor logits(const at::Tensor& ids, model::AttentionContext& context,
                    rollout::LogitRows rows) override;

 private:
  Dim vocab_size_;
  std::vector<model::AttentionLayer> layers_;
  at::Tensor table_;                // [vocab_size, hidden]
  std::vector<at::Tensor> scales_;  // [layers]: [4, hidden], of query, key, value and output
};

// Layers 0 (window 5), 1 (window 8, other heads), 2 (full), 3 (uses 1), 4 (uses 2).
std::vector<model::AttentionLayer> toy_layers();

}  // namespace lapidary::test
