// What a forward pass attends to. The model has one forward; training on packed sequences, prefill
// into a cache and decoding from a cache differ only in the context that it is given.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <vector>

#include "base/dim.h"
#include "ops/attention.h"

namespace lapidary::model {

struct AttentionLayer {
  Dim index;      // global layer number, from 0
  Dim kv_source;  // the layer whose keys and values this one uses; == index unless KV is shared
  Dim num_heads;
  Dim num_kv_heads;
  Dim head_dim;
  Dim window;  // keys a query sees, itself included; 0: all before it
};

class AttentionContext {
 public:
  virtual ~AttentionContext() = default;

  // [tokens] int64 on the model's device: the position of each row in its own sequence.
  virtual const at::Tensor& positions() const = 0;

  // One past the highest position. The default reads positions(), which waits for a device.
  virtual Dim end_position() const;

  // query [tokens, num_heads, head_dim] and key, value [tokens, num_kv_heads, head_dim], normed and
  // rotated, of this forward's tokens (of layer kv_source when that is another layer, in which case
  // a cache already holds them) -> [tokens, num_heads, head_dim].
  virtual at::Tensor attend(const AttentionLayer& layer, const at::Tensor& query,
                            const at::Tensor& key, const at::Tensor& value) = 0;
};

// Whole sequences packed one after another, nothing cached: training and scoring. Differentiable.
class PackedContext : public AttentionContext {
 public:
  // starts: n + 1 offsets, first 0, last the number of tokens.
  PackedContext(const std::vector<Dim>& starts, c10::Device device);
  const at::Tensor& positions() const override { return positions_; }
  Dim end_position() const override { return longest_; }
  at::Tensor attend(const AttentionLayer& layer, const at::Tensor& query, const at::Tensor& key,
                    const at::Tensor& value) override;

 private:
  ops::PackedRows rows_;
  at::Tensor positions_;
  Dim longest_ = 0;
};

}  // namespace lapidary::model
