// The mixture of experts of Gemma 4: router and experts.
#pragma once

#include <cstdint>

#include "base/dim.h"
#include "kernels/api/dtype.h"

namespace lapidary::kernels {

struct RouterShape {
  Dim tokens;
  Dim hidden;
  Dim num_experts;
  Dim top_k;  // 1 .. num_experts
  double eps;
};

struct RouterArrays {
  const void* residual;          // [tokens, hidden]
  const void* proj;              // [num_experts, hidden]
  const void* scale;             // [hidden]
  const void* per_expert_scale;  // [num_experts]
  float* weights;                // [tokens, top_k]: renormalised, then times per_expert_scale
  int64_t* experts;              // [tokens, top_k]: largest first, ties to the lower id
  float* probs;                  // [tokens, num_experts] softmax over all, or null
};

// Rounded to `dtype` as HF rounds: the norm, times scale, times hidden^-0.5, the projection;
// softmax and weights in fp32. A token's bits do not depend on the other tokens.
void route(Dtype dtype, const RouterArrays& arrays, const RouterShape& shape);

struct ExpertsShape {
  Dim tokens;
  Dim hidden;
  Dim intermediate;
  Dim num_experts;
  Dim top_k;
};

struct ExpertsArrays {
  const void* input;       // [tokens, hidden]
  const void* gate_up;     // [num_experts, 2 intermediate, hidden], gate rows first
  const void* down;        // [num_experts, hidden, intermediate]
  const float* weights;    // [tokens, top_k]
  const int64_t* experts;  // [tokens, top_k], each token's distinct, in [0, num_experts)
  void* output;            // [tokens, hidden]
};

// output = sum over a token's experts, in ascending id, of weight * down(geglu(gate_up(x)));
// rounded to `dtype` after each product, share and sum. Weights of experts that no token chose are
// not read, the others once for each 96 tokens. A token's bits do not depend on the other tokens.
void experts(Dtype dtype, const ExpertsArrays& arrays, const ExpertsShape& shape);

namespace reference {
void route(Dtype dtype, const RouterArrays& arrays, const RouterShape& shape);
void experts(Dtype dtype, const ExpertsArrays& arrays, const ExpertsShape& shape);
}  // namespace reference

}  // namespace lapidary::kernels
