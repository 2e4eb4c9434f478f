#include "rollout/prefill_context.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>

#include <algorithm>

#include "ops/attention.h"

namespace lapidary::rollout {

PrefillContext::PrefillContext(KvCache& cache, Slot slot, Dim count)
    : cache_(cache), slot_(slot), count_(count), past_(cache.num_tokens(slot)) {
  cache_.begin_append(slot, count);
  positions_ =
      at::arange(past_, past_ + count,
                 at::TensorOptions().dtype(c10::ScalarType::Long).device(cache.options().device));
}

std::pair<at::Tensor, at::Tensor> PrefillContext::all_keys(const model::AttentionLayer& layer,
                                                           Dim begin, const at::Tensor& key,
                                                           const at::Tensor& value) {
  if (layer.kv_source != layer.index) return kept_.at(layer.kv_source);
  std::pair<at::Tensor, at::Tensor> all{key, value};
  if (begin < past_) {
    const auto cached = cache_.read(layer.index, slot_, begin, past_);
    all = {at::cat({cached.first, key}), at::cat({cached.second, value})};
  }
  cache_.write(layer.index, slot_, key, value);
  if (cache_.is_donor(layer.index)) kept_[layer.index] = all;
  return all;
}

at::Tensor PrefillContext::attend(const model::AttentionLayer& layer, const at::Tensor& query,
                                  const at::Tensor& key, const at::Tensor& value) {
  const Dim begin = layer.window > 0 ? std::max(Dim{0}, past_ - layer.window + 1) : 0;
  const auto [keys, values] = all_keys(layer, begin, key, value);
  return ops::packed_attention(query, keys, values, {{0, count_}, {0, past_ - begin + count_}},
                               layer.window);
}

}  // namespace lapidary::rollout
