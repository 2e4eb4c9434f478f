#include "model/gemma4/layer_spec.h"

namespace lapidary::model {

namespace {

ops::ValueSource value_source(const Gemma4Config& config, Dim i) {
  if (config.is_kv_shared(i)) return ops::ValueSource::kNone;
  return config.has_v_proj(i) ? ops::ValueSource::kProjection : ops::ValueSource::kKey;
}

}  // namespace

std::vector<LayerSpec> layer_specs(const Gemma4Config& config) {
  std::vector<LayerSpec> specs;
  for (Dim i = 0; i < config.num_hidden_layers; ++i) {
    const AttentionLayer attention{.index = i,
                                   .kv_source = config.kv_donor(i),
                                   .num_heads = config.num_attention_heads,
                                   .num_kv_heads = config.num_key_value_heads(i),
                                   .head_dim = config.head_dim(i),
                                   .window = config.is_full(i) ? 0 : config.sliding_window};
    specs.push_back({.attention = attention,
                     .value_source = value_source(config, i),
                     .is_full = config.is_full(i),
                     .is_kv_donor = config.is_kv_donor(i),
                     .top_k_experts = config.has_experts() ? config.top_k_experts : 0,
                     .eps = config.rms_norm_eps});
  }
  return specs;
}

}  // namespace lapidary::model
