#include "ops/moe.h"

#include "ops/grouped_experts.h"
#include "ops/reference.h"
#include "tensor/shape.h"

namespace lapidary::ops {

Routing route(const at::Tensor& residual, const RouterWeights& router, Dim top_k, double eps,
              KeepProbs keep_probs) {
  const Dim hidden = residual.size(-1);
  expect_shape(residual, "residual", {kAnyExtent, hidden});
  expect_shape(router.proj, "router.proj", {kAnyExtent, hidden});
  expect_shape(router.scale, "router.scale", {hidden});
  expect_shape(router.per_expert_scale, "router.per_expert_scale", {router.proj.size(0)});
  return reference::route(residual, router, top_k, eps, keep_probs);
}

at::Tensor experts(const at::Tensor& input, const at::Tensor& gate_up, const at::Tensor& down,
                   const Routing& routing) {
  const Dim num_experts = down.size(0);
  const Dim intermediate = down.size(2);
  expect_shape(input, "input", {kAnyExtent, kAnyExtent});
  expect_shape(gate_up, "gate_up", {num_experts, 2 * intermediate, input.size(1)});
  expect_shape(down, "down", {num_experts, input.size(1), intermediate});
  expect_shape(routing.weights, "routing.weights", {input.size(0), kAnyExtent});
  expect_shape(routing.experts, "routing.experts", {input.size(0), routing.weights.size(1)});
  if (can_use_grouped_experts(input, gate_up, down))
    return grouped_experts(input, gate_up, down, routing);
  return reference::experts(input, gate_up, down, routing);
}

}  // namespace lapidary::ops
