#include "rollout/toy_decoders.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

namespace lapidary::test {
namespace {

constexpr Dim kHidden = 32;

at::Tensor random(std::vector<Dim> shape, double deviation, at::Generator& generator) {
  return at::empty(shape, at::TensorOptions(at::kFloat)).normal_(0.0, deviation, generator);
}

}  // namespace

std::vector<model::AttentionLayer> toy_layers() {
  return {{0, 0, 4, 2, 8, 5},
          {1, 1, 2, 1, 16, 8},
          {2, 2, 2, 2, 16, 0},
          {3, 1, 2, 1, 16, 8},
          {4, 2, 2, 2, 16, 0}};
}

ScriptedDecoder::ScriptedDecoder(std::function<int64_t(int64_t)> next, Dim vocab_size,
                                 Dim max_positions)
    : next_(std::move(next)),
      vocab_size_(vocab_size),
      max_positions_(max_positions),
      layers_(toy_layers()) {}

at::Tensor ScriptedDecoder::logits(const at::Tensor& ids, model::AttentionContext&,
                                   rollout::LogitRows rows) {
  calls.push_back({ids.size(0), rows});
  if (rows == rollout::LogitRows::kNone) return {};
  const Dim count = rows == rollout::LogitRows::kAll ? ids.size(0) : 1;
  at::Tensor out = at::zeros({count, vocab_size_}, at::TensorOptions(at::kFloat));
  for (Dim i = 0; i < count; ++i) {
    const int64_t last = ids.const_data_ptr<int64_t>()[ids.size(0) - count + i];
    out.mutable_data_ptr<float>()[i * vocab_size_ + next_(last)] = 30.0F;
  }
  return out;
}

AttendingDecoder::AttendingDecoder(uint64_t seed, Dim vocab_size)
    : vocab_size_(vocab_size), layers_(toy_layers()) {
  at::Generator generator = at::detail::createCPUGenerator(seed);
  table_ = random({vocab_size, kHidden}, 1.0, generator);
  for (size_t i = 0; i < layers_.size(); ++i) {
    scales_.push_back(random({4, kHidden}, 1.0, generator));
  }
}

at::Tensor AttendingDecoder::logits(const at::Tensor& ids, model::AttentionContext& context,
                                    rollout::LogitRows rows) {
  const at::Tensor positions = context.positions().to(at::kFloat).unsqueeze(1);
  at::Tensor x = table_.index_select(0, ids).add(positions.mul(0.7).sin());
  std::vector<at::Tensor> keys;
  std::vector<at::Tensor> values;
  for (const model::AttentionLayer& layer : layers_) {
    const at::Tensor& scale = scales_[static_cast<size_t>(layer.index)];
    const auto heads = [&](Dim row, Dim count) {
      return x.mul(scale.select(0, row))
          .narrow(1, 0, count * layer.head_dim)
          .reshape({x.size(0), count, layer.head_dim});
    };
    const bool borrows = layer.kv_source != layer.index;
    const auto source = static_cast<size_t>(layer.kv_source);
    keys.push_back(borrows ? keys[source] : heads(1, layer.num_kv_heads));
    values.push_back(borrows ? values[source] : heads(2, layer.num_kv_heads));
    const at::Tensor out =
        context.attend(layer, heads(0, layer.num_heads), keys.back(), values.back());
    x = x.add(out.reshape({x.size(0), kHidden}).mul(scale.select(0, 3))).mul(0.8);
  }
  if (rows == rollout::LogitRows::kNone) return {};
  const Dim first = rows == rollout::LogitRows::kLast ? x.size(0) - 1 : 0;
  std::vector<at::Tensor> out;
  for (Dim i = first; i < x.size(0); ++i) out.push_back(table_.matmul(x.select(0, i)).unsqueeze(0));
  return at::cat(out);
}

}  // namespace lapidary::test
