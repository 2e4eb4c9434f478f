// Floating-point operations of a forward pass over one sequence: the weights of --balance-data.
//
// Example: TransformerShape{.num_layers = 2, .hidden_size = 16, .ffn_size = 64, .num_heads = 2,
// .num_kv_heads = 2, .head_dim = 8, .vocab_size = 32} takes 17,472 for one token.
#pragma once

#include <vector>

#include "base/dim.h"

namespace lapidary::rl {

// A model as slime's estimate sees it: every layer alike, attention over the whole sequence.
struct TransformerShape {
  Dim num_layers = 0;
  Dim hidden_size = 0;
  Dim ffn_size = 0;  // dense width, or experts per token times expert width
  Dim num_heads = 0;
  Dim num_kv_heads = 0;
  Dim head_dim = 0;
  Dim vocab_size = 0;
};
double estimated_forward_flops(const TransformerShape& shape, Dim length);

// A model as it computes: layers of their own kind. A sliding layer's query sees at most `window`
// keys, itself among them; 0 is the whole sequence so far.
struct LayerShape {
  Dim window = 0;
  Dim num_heads = 0;
  Dim num_kv_heads = 0;
  Dim head_dim = 0;
  bool has_own_keys = true;          // false: another layer's keys and values are used
  bool has_value_projection = true;  // false: the values are the keys
  Dim dense_size = 0;                // width of the dense branch
  Dim num_experts = 0;               // rows of the router
  Dim experts_per_token = 0;
  Dim expert_size = 0;
  Dim per_layer_input_size = 0;  // width of the per-layer input's gate and projection
};
struct ModelShape {
  Dim hidden_size = 0;
  Dim vocab_size = 0;
  std::vector<LayerShape> layers;
};
// Matrix products only: a multiply and an add count as two. The head runs over every token.
double forward_flops(const ModelShape& shape, Dim length);
// (query, key) pairs of a causal layer with this window.
double attended_pairs(Dim length, Dim window);

}  // namespace lapidary::rl
