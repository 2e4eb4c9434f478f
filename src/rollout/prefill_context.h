// The attention of a forward over the next tokens of one sequence: its prompt, a chunk of it, or
// what was appended to it since.
#pragma once

#include <ATen/core/Tensor.h>

#include <unordered_map>
#include <utility>

#include "model/attention_context.h"
#include "rollout/kv_cache.h"

namespace lapidary::rollout {

// Every layer attends over the cached keys and the new ones together, then the new ones are written
// to the cache: a ring that is shorter than the chunk loses nothing that a query must see.
class PrefillContext : public model::AttentionContext {
 public:
  // The next `count` tokens of `slot`. The cache must outlive the context.
  PrefillContext(KvCache& cache, Slot slot, Dim count);
  const at::Tensor& positions() const override { return positions_; }
  Dim end_position() const override { return past_ + count_; }
  at::Tensor attend(const model::AttentionLayer& layer, const at::Tensor& query,
                    const at::Tensor& key, const at::Tensor& value) override;
  // After the forward: the tokens now count as cached.
  void finish() { cache_.finish_append(slot_, count_); }

 private:
  std::pair<at::Tensor, at::Tensor> all_keys(const model::AttentionLayer& layer, Dim begin,
                                             const at::Tensor& key, const at::Tensor& value);

  KvCache& cache_;
  Slot slot_;
  Dim count_;
  Dim past_;
  at::Tensor positions_;  // [count]
  // What layers that borrow keys and values must see, by donor: the cache may have lost part of it.
  std::unordered_map<Dim, std::pair<at::Tensor, at::Tensor>> kept_;
};

}  // namespace lapidary::rollout
