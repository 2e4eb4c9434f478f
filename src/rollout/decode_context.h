// The attention of a forward over one new token each of several sequences.
#pragma once

#include <ATen/core/Tensor.h>

#include <unordered_map>
#include <vector>

#include "model/attention_context.h"
#include "rollout/kv_cache.h"

namespace lapidary::rollout {

// How cached keys are read: where they lie (CPU), or gathered into one padded tensor (any device).
enum class CacheAccess { kRuns, kGather };

// Every layer writes its new row to the cache, then attends over what its query may see.
class DecodeContext : public model::AttentionContext {
 public:
  // Row i of the forward is the next token of slots[i]; a slot appears once. The cache must outlive
  // the context.
  DecodeContext(KvCache& cache, std::vector<Slot> slots, CacheAccess access);
  // The access that fits the cache's device.
  DecodeContext(KvCache& cache, std::vector<Slot> slots);
  const at::Tensor& positions() const override { return positions_; }
  Dim end_position() const override { return end_position_; }
  at::Tensor attend(const model::AttentionLayer& layer, const at::Tensor& query,
                    const at::Tensor& key, const at::Tensor& value) override;
  // After the forward: the tokens now count as cached.
  void finish();

 private:
  // Rows of the flattened storage, the same for all layers of one window.
  struct GatherIndex {
    at::Tensor write_rows;  // [slots] int64
    at::Tensor read_rows;   // [slots * most keys] int64, padded with row 0
    at::Tensor mask;        // [slots, 1, 1, most keys] fp32: 0, or minus infinity for padding
  };
  Dim first_visible(const model::AttentionLayer& layer, size_t i) const;
  at::Tensor attend_runs(const model::AttentionLayer& layer, const at::Tensor& query);
  at::Tensor attend_gathered(const model::AttentionLayer& layer, const at::Tensor& query,
                             const at::Tensor& key, const at::Tensor& value);
  const GatherIndex& gather_index(const model::AttentionLayer& layer);

  KvCache& cache_;
  std::vector<Slot> slots_;
  CacheAccess access_;
  std::vector<Dim> places_;  // [slots]: positions_ on the host
  at::Tensor positions_;     // [slots]
  Dim end_position_ = 0;
  std::vector<ops::CacheRun> runs_;
  std::vector<Dim> run_starts_;
  std::unordered_map<Dim, GatherIndex> gather_;  // by window
};

}  // namespace lapidary::rollout
