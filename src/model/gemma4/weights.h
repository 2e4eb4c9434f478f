// The parameters of a Gemma 4 text model in the form in which they are computed with. Projections
// that share an input lie in one tensor (qkv_proj, gate_up_proj), so that each is one matrix
// product; the checkpoint's q_proj, k_proj, v_proj, gate_proj and up_proj are row ranges of it.
// Expert stacks are the checkpoint's own tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "model/gemma4/config.h"
#include "ops/moe.h"

namespace lapidary::model {

struct Gemma4LayerWeights {
  at::Tensor input_layernorm;            // [hidden]
  at::Tensor post_attention_layernorm;   // [hidden]
  at::Tensor pre_feedforward_layernorm;  // [hidden]
  at::Tensor post_feedforward_layernorm;
  at::Tensor
      qkv_proj;  // [(heads + n * kv_heads) * head_dim, hidden]; n = 2, 1 (k_eq_v) or 0 (shared KV)
  at::Tensor q_norm;        // [head_dim]
  at::Tensor k_norm;        // [head_dim]; undefined on shared-KV layers
  at::Tensor o_proj;        // [hidden, heads * head_dim]
  at::Tensor gate_up_proj;  // [2 * intermediate, hidden]
  at::Tensor down_proj;     // [hidden, intermediate]
  at::Tensor layer_scalar;  // [1]; a buffer: stored, never trained

  // Mixture of experts; undefined otherwise.
  ops::RouterWeights router;
  at::Tensor experts_gate_up_proj;          // [experts, 2 * moe_intermediate, hidden]
  at::Tensor experts_down_proj;             // [experts, hidden, moe_intermediate]
  at::Tensor post_feedforward_layernorm_1;  // [hidden]
  at::Tensor pre_feedforward_layernorm_2;
  at::Tensor post_feedforward_layernorm_2;

  // Per-layer inputs (E2B, E4B); undefined otherwise.
  at::Tensor per_layer_input_gate;       // [ple, hidden]
  at::Tensor per_layer_projection;       // [hidden, ple]
  at::Tensor post_per_layer_input_norm;  // [hidden]
};

struct Gemma4Weights {
  at::Tensor embed_tokens;  // [vocabulary, hidden], also the head
  at::Tensor norm;          // [hidden]
  std::vector<Gemma4LayerWeights> layers;

  // Per-layer inputs; undefined otherwise.
  at::Tensor embed_tokens_per_layer;      // [ple vocabulary, layers * ple]
  at::Tensor per_layer_model_projection;  // [layers * ple, hidden]
  at::Tensor per_layer_projection_norm;   // [ple]
};

}  // namespace lapidary::model
