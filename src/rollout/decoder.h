// What the engine needs of a model: one forward that attends through a context. Gemma4Decoder is
// the model of this program; tests script their own.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "base/dim.h"
#include "model/attention_context.h"

namespace lapidary::rollout {

// Of which rows of a forward the logits are wanted.
enum class LogitRows { kNone, kLast, kAll };

class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual const std::vector<model::AttentionLayer>& layers() const = 0;
  virtual Dim vocab_size() const = 0;
  virtual Dim max_positions() const = 0;
  virtual c10::ScalarType dtype() const = 0;  // of keys and values
  virtual c10::Device device() const = 0;

  // ids [tokens] int64 on the device -> fp32 [rows, vocab_size] after the soft cap; undefined for
  // kNone. The forward runs in any case: it fills the cache behind the context.
  virtual at::Tensor logits(const at::Tensor& ids, model::AttentionContext& context,
                            LogitRows rows) = 0;
};

}  // namespace lapidary::rollout
