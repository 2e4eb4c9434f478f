// Same order as HF Gemma4TextDecoderLayer.forward.
#pragma once

#include <ATen/core/Tensor.h>

#include "model/attention_context.h"
#include "model/gemma4/attention.h"
#include "model/gemma4/layer_spec.h"
#include "model/gemma4/observer.h"
#include "model/gemma4/weights.h"
#include "ops/rope.h"

namespace lapidary::model {

struct LayerInput {
  at::Tensor hidden;           // [tokens, hidden], the residual stream
  at::Tensor per_layer_input;  // [tokens, ple]; undefined without per-layer inputs
  KeyValue borrowed;           // of layer kv_source; undefined unless KV is shared
};

struct LayerOutput {
  at::Tensor hidden;  // [tokens, hidden]
  KeyValue own;       // undefined on layers that borrow
};

LayerOutput decoder_layer(const LayerSpec& spec, const Gemma4LayerWeights& weights,
                          const LayerInput& input, const ops::RopeTable& rope,
                          AttentionContext& context, const Observer& observer);

}  // namespace lapidary::model
