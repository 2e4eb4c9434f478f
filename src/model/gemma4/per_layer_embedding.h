// Per-layer inputs of E2B and E4B (HF project_per_layer_inputs and the tail of the decoder layer).
#pragma once

#include <ATen/core/Tensor.h>

#include "model/gemma4/config.h"
#include "model/gemma4/layer_spec.h"
#include "model/gemma4/weights.h"

namespace lapidary::model {

// ids [tokens], embedded [tokens, hidden] (the scaled main embedding) -> [tokens, layers, ple]:
// what the token says to each layer, from a table of its own and from the embedding.
at::Tensor per_layer_inputs(const Gemma4Config& config, const Gemma4Weights& weights,
                            const at::Tensor& ids, const at::Tensor& embedded);

// x + norm(project(gelu(gate(x)) * per_layer_input)). x [tokens, hidden], per_layer_input [tokens,
// ple] of this layer -> [tokens, hidden].
at::Tensor add_per_layer_input(const LayerSpec& spec, const Gemma4LayerWeights& weights,
                               const at::Tensor& x, const at::Tensor& per_layer_input);

}  // namespace lapidary::model
