#include "rl/packing/flops.h"

#include <algorithm>

namespace lapidary::rl {

double estimated_forward_flops(const TransformerShape& shape, Dim length) {
  const auto tokens = static_cast<double>(length);
  const auto hidden = static_cast<double>(shape.hidden_size);
  const auto heads = static_cast<double>(shape.num_heads);
  const auto kv_heads = static_cast<double>(shape.num_kv_heads);
  const auto head = static_cast<double>(shape.head_dim);
  const auto ffn = static_cast<double>(shape.ffn_size);
  const double query_key_value =
      2 * tokens * hidden * heads * head + 4 * tokens * hidden * kv_heads * head;
  const double attention = 2 * heads * tokens * tokens * head;
  const double output = 2 * tokens * hidden * hidden;
  const double layer = query_key_value + attention + output + 6 * tokens * hidden * ffn;
  return layer * static_cast<double>(shape.num_layers) +
         2 * tokens * hidden * static_cast<double>(shape.vocab_size);
}

double attended_pairs(Dim length, Dim window) {
  const auto tokens = static_cast<double>(length);
  const double reach = window > 0 ? std::min(static_cast<double>(window), tokens) : tokens;
  // The first `reach` queries see 1, 2, ..., reach keys, the others `reach` each.
  return reach * (reach + 1) / 2 + (tokens - reach) * reach;
}

double forward_flops(const ModelShape& shape, Dim length) {
  const auto tokens = static_cast<double>(length);
  const auto hidden = static_cast<double>(shape.hidden_size);
  double total = 2 * tokens * hidden * static_cast<double>(shape.vocab_size);
  for (const LayerShape& layer : shape.layers) {
    const double query_width = static_cast<double>(layer.num_heads * layer.head_dim);
    const double kv_width = static_cast<double>(layer.num_kv_heads * layer.head_dim);
    const double num_kv_projections =
        layer.has_own_keys ? (layer.has_value_projection ? 2.0 : 1.0) : 0.0;
    const double projections =
        2 * tokens * hidden * (2 * query_width + num_kv_projections * kv_width);
    const double attention = 4 * attended_pairs(length, layer.window) * query_width;
    const auto routed = static_cast<double>(layer.experts_per_token * layer.expert_size);
    const double feed_forward =
        6 * tokens * hidden * (static_cast<double>(layer.dense_size) + routed) +
        2 * tokens * hidden * static_cast<double>(layer.num_experts);
    const double per_layer_input =
        4 * tokens * hidden * static_cast<double>(layer.per_layer_input_size);
    total += projections + attention + feed_forward + per_layer_input;
  }
  return total;
}

}  // namespace lapidary::rl
