#pragma once

#include <ATen/core/Tensor.h>

#include "model/gemma4/weights.h"

namespace lapidary::model {

// HF Gemma4TextMLP: down(gelu_tanh(gate(x)) * up(x)). input [tokens, hidden] -> [tokens, hidden].
at::Tensor mlp(const Gemma4LayerWeights& weights, const at::Tensor& input);

}  // namespace lapidary::model
