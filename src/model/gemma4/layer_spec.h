// What one decoder layer is, resolved from the config once.
#pragma once

#include <vector>

#include "model/attention_context.h"
#include "model/gemma4/config.h"
#include "ops/rope.h"

namespace lapidary::model {

struct LayerSpec {
  AttentionLayer attention;
  ops::ValueSource value_source;
  bool is_full;
  bool is_kv_donor;   // a later layer uses this layer's keys and values
  Dim top_k_experts;  // 0: no experts
  double eps;

  ops::HeadShape heads() const {
    return {attention.num_heads, attention.num_kv_heads, attention.head_dim};
  }
};

std::vector<LayerSpec> layer_specs(const Gemma4Config& config);

}  // namespace lapidary::model
