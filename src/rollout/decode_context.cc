#include "rollout/decode_context.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "ops/attention.h"

namespace lapidary::rollout {
namespace {

at::Tensor device_ids(const std::vector<Dim>& values, c10::Device device) {
  at::Tensor out =
      at::empty({static_cast<Dim>(values.size())}, at::TensorOptions(c10::ScalarType::Long));
  std::copy(values.begin(), values.end(), out.mutable_data_ptr<int64_t>());
  return out.to(device);
}

}  // namespace

DecodeContext::DecodeContext(KvCache& cache, std::vector<Slot> slots)
    : DecodeContext(cache, std::move(slots),
                    cache.options().device.is_cpu() ? CacheAccess::kRuns : CacheAccess::kGather) {}

DecodeContext::DecodeContext(KvCache& cache, std::vector<Slot> slots, CacheAccess access)
    : cache_(cache), slots_(std::move(slots)), access_(access) {
  places_.reserve(slots_.size());
  for (const Slot slot : slots_) {
    places_.push_back(cache_.num_tokens(slot));
    end_position_ = std::max(end_position_, places_.back() + 1);
    cache_.begin_append(slot, 1);
  }
  positions_ = device_ids(places_, cache_.options().device);
}

void DecodeContext::finish() {
  for (const Slot slot : slots_) cache_.finish_append(slot, 1);
}

Dim DecodeContext::first_visible(const model::AttentionLayer& layer, size_t i) const {
  return layer.window > 0 ? std::max(Dim{0}, places_[i] + 1 - layer.window) : 0;
}

at::Tensor DecodeContext::attend(const model::AttentionLayer& layer, const at::Tensor& query,
                                 const at::Tensor& key, const at::Tensor& value) {
  if (access_ == CacheAccess::kGather) return attend_gathered(layer, query, key, value);
  if (layer.kv_source == layer.index) cache_.write_rows(layer.index, slots_, key, value);
  return attend_runs(layer, query);
}

at::Tensor DecodeContext::attend_runs(const model::AttentionLayer& layer, const at::Tensor& query) {
  runs_.clear();
  run_starts_.assign(1, 0);
  for (size_t i = 0; i < slots_.size(); ++i) {
    cache_.append_runs(layer.kv_source, slots_[i], first_visible(layer, i), places_[i] + 1, runs_);
    run_starts_.push_back(static_cast<Dim>(runs_.size()));
  }
  return ops::decode_attention(query, runs_, run_starts_, layer.num_kv_heads);
}

const DecodeContext::GatherIndex& DecodeContext::gather_index(const model::AttentionLayer& layer) {
  const auto found = gather_.find(layer.window);
  if (found != gather_.end()) return found->second;
  Dim most = 0;
  for (size_t i = 0; i < slots_.size(); ++i) {
    most = std::max(most, places_[i] + 1 - first_visible(layer, i));
  }
  std::vector<Dim> write_rows;
  std::vector<Dim> read_rows(slots_.size() * static_cast<size_t>(most), 0);
  const auto count = static_cast<Dim>(slots_.size());
  at::Tensor mask = at::empty({count, 1, 1, most}, at::TensorOptions(c10::ScalarType::Float));
  mask.fill_(-std::numeric_limits<float>::infinity());
  auto* allowed = mask.mutable_data_ptr<float>();
  for (size_t i = 0; i < slots_.size(); ++i) {
    write_rows.push_back(cache_.row_of(layer.kv_source, slots_[i], places_[i]));
    size_t at = i * static_cast<size_t>(most);
    for (Dim position = first_visible(layer, i); position <= places_[i]; ++position, ++at) {
      read_rows[at] = cache_.row_of(layer.kv_source, slots_[i], position);
      allowed[at] = 0.0F;
    }
  }
  const c10::Device device = cache_.options().device;
  return gather_
      .emplace(layer.window, GatherIndex{device_ids(write_rows, device),
                                         device_ids(read_rows, device), mask.to(device)})
      .first->second;
}

at::Tensor DecodeContext::attend_gathered(const model::AttentionLayer& layer,
                                          const at::Tensor& query, const at::Tensor& key,
                                          const at::Tensor& value) {
  const KvCache::Storage& storage = cache_.storage(layer.kv_source);
  const GatherIndex& index = gather_index(layer);
  const Dim count = query.size(0);
  const Dim group = layer.num_heads / layer.num_kv_heads;
  const auto gathered = [&](const at::Tensor& side, const at::Tensor& fresh) {
    const at::Tensor rows = side.view({-1, layer.num_kv_heads, layer.head_dim});
    if (layer.kv_source == layer.index) rows.index_copy_(0, index.write_rows, fresh);
    // [slots, kv_heads, most keys, head_dim]
    return rows.index_select(0, index.read_rows)
        .view({count, -1, layer.num_kv_heads, layer.head_dim})
        .transpose(1, 2);
  };
  const at::Tensor keys = gathered(storage.key, key);
  const at::Tensor values = gathered(storage.value, value);
  const at::Tensor grouped = query.reshape({count, layer.num_kv_heads, group, layer.head_dim});
  const at::Tensor scores =
      grouped.matmul(keys.transpose(2, 3)).to(c10::ScalarType::Float).add(index.mask);
  const at::Tensor weights = scores.softmax(-1, c10::ScalarType::Float).to(query.scalar_type());
  return weights.matmul(values).reshape({count, layer.num_heads, layer.head_dim});
}

}  // namespace lapidary::rollout
