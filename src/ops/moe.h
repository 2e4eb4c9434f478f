// The mixture of experts of Gemma 4 (HF Gemma4TextRouter, Gemma4TextExperts): dropless, no
// capacity, no auxiliary loss.
#pragma once

#include <ATen/core/Tensor.h>

#include "base/dim.h"

namespace lapidary::ops {

struct Routing {
  at::Tensor
      weights;  // [tokens, top_k] fp32: renormalised over the top_k, then times per_expert_scale
  at::Tensor experts;  // [tokens, top_k] int64, largest probability first; ties go to the lower id
  at::Tensor
      probs;  // [tokens, num_experts] fp32 softmax over all experts; undefined unless asked for
};
struct RouterWeights {
  at::Tensor proj;              // [num_experts, hidden]
  at::Tensor scale;             // [hidden]
  at::Tensor per_expert_scale;  // [num_experts]
};
enum class KeepProbs { kNo, kYes };

// residual [tokens, hidden]: the un-normed residual stream. Rounding as HF: norm back to the hidden
// dtype, times scale, times hidden^-0.5, projection in the hidden dtype, softmax in fp32.
// Differentiable through weights.
Routing route(const at::Tensor& residual, const RouterWeights& router, Dim top_k, double eps,
              KeepProbs keep_probs);

// input [tokens, hidden] (normed), gate_up [experts, 2 * intermediate, hidden] (gate rows first),
// down [experts, hidden, intermediate] -> sum over a token's experts of weight *
// down(geglu(gate_up(x))), [tokens, hidden] in the dtype of input, summed in ascending expert id as
// HF's eager loop. Experts without a token cost nothing. Differentiable.
at::Tensor experts(const at::Tensor& input, const at::Tensor& gate_up, const at::Tensor& down,
                   const Routing& routing);

}  // namespace lapidary::ops
