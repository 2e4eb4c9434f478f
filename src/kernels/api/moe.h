// The mixture of experts of Gemma 4: router and experts.
#pragma once

#include <cstdint>
#include <vector>

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
  float* shares;                 // [tokens, top_k]: weights before per_expert_scale, or null
};

// Rounded to `dtype` as HF rounds: the norm, times scale, times hidden^-0.5, the projection;
// softmax and weights in fp32. A token's bits do not depend on the other tokens.
void route(Dtype dtype, const RouterArrays& arrays, const RouterShape& shape);

// What the projection of the router is given: residual [tokens, hidden], scale [hidden] -> output
// [tokens, hidden].
void router_input(Dtype dtype, const void* residual, const void* scale, void* output, Dim tokens,
                  Dim hidden, double eps);

// The (token, expert) choices sorted by expert, those of an expert by token. `choice` counts
// through [tokens, top_k], `row` through the sorted ones.
struct ExpertPlan {
  std::vector<Dim> choices;  // [rows] the choice that each row is
  std::vector<Dim> rows;     // [tokens, top_k] the rows of each token, ascending in the expert
  std::vector<Dim> starts;   // [num_experts + 1] rows of expert e: [starts[e], starts[e + 1])
};
// experts [tokens, top_k], each in [0, num_experts).
ExpertPlan plan_experts(const int64_t* experts, Dim tokens, Dim top_k, Dim num_experts);

struct ExpertsShape {
  Dim tokens;
  Dim hidden;
  Dim intermediate;
  Dim num_experts;
  Dim top_k;
};

struct ExpertsArrays {
  const void* input;     // [tokens, hidden]
  const void* gate_up;   // [num_experts, 2 intermediate, hidden], gate rows first
  const void* down;      // [num_experts, hidden, intermediate]
  const float* weights;  // [tokens, top_k]
  const ExpertPlan* plan;
  void* output;    // [tokens, hidden]
  void* gate_ups;  // [rows, 2 intermediate]: gate_up(x) of the sorted rows, kept for backward; or
                   // null
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
