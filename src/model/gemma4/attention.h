// Mirrors HF Gemma4TextAttention: per-head norms, rotary positions, scale 1.0, K = V projection on
// full layers, keys and values borrowed from an earlier layer where KV is shared.
#pragma once

#include <ATen/core/Tensor.h>

#include "model/attention_context.h"
#include "model/gemma4/layer_spec.h"
#include "model/gemma4/weights.h"
#include "ops/rope.h"

namespace lapidary::model {

struct KeyValue {
  at::Tensor key;    // [tokens, kv_heads, head_dim], normed and rotated
  at::Tensor value;  // [tokens, kv_heads, head_dim], normed
};

struct AttentionOutput {
  at::Tensor hidden;  // [tokens, hidden], output of o_proj
  KeyValue own;       // this layer's keys and values; undefined when they were borrowed
};

// input [tokens, hidden] (normed). `borrowed` is used by layers whose kv_source is another layer.
AttentionOutput attention(const LayerSpec& spec, const Gemma4LayerWeights& weights,
                          const at::Tensor& input, const ops::RopeTable& rope,
                          const KeyValue& borrowed, AttentionContext& context);

}  // namespace lapidary::model
