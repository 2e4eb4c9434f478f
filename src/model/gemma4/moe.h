#pragma once

#include <ATen/core/Tensor.h>

#include "model/gemma4/layer_spec.h"
#include "model/gemma4/observer.h"
#include "model/gemma4/weights.h"

namespace lapidary::model {

// The routed branch beside the dense MLP (HF Gemma4TextRouter and Gemma4TextExperts). The router
// reads the un-normed residual, the experts its pre_feedforward_layernorm_2. residual [tokens,
// hidden] -> [tokens, hidden], before post_feedforward_layernorm_2.
at::Tensor routed_experts(const LayerSpec& spec, const Gemma4LayerWeights& weights,
                          const at::Tensor& residual, const Observer& observer);

}  // namespace lapidary::model
