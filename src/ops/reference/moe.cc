// Mirrors HF Gemma4TextRouter.forward and Gemma4TextExperts.forward (the eager loop).
#include <ATen/ops/zeros_like.h>

#include <cmath>

#include "ops/reference.h"

namespace lapidary::ops::reference {

Routing route(const at::Tensor& residual, const RouterWeights& router, Dim top_k, double eps,
              KeepProbs keep_probs) {
  const double root_size = std::pow(static_cast<double>(residual.size(-1)), -0.5);
  const at::Tensor scaled = rms_norm(residual, at::Tensor(), eps).mul(router.scale).mul(root_size);
  const at::Tensor probs = scaled.matmul(router.proj.t()).softmax(-1, at::kFloat);
  // A stable sort instead of topk: equal probabilities go to the lower id on every device.
  const auto [sorted, order] = probs.sort(/*stable=*/true, /*dim=*/-1, /*descending=*/true);
  const at::Tensor chosen = order.narrow(-1, 0, top_k).contiguous();
  const at::Tensor kept = probs.gather(-1, chosen);
  const at::Tensor weights =
      kept.div(kept.sum(-1, /*keepdim=*/true))
          .mul(router.per_expert_scale.index_select(0, chosen.flatten()).view_as(chosen));
  return {weights, chosen, keep_probs == KeepProbs::kYes ? probs : at::Tensor()};
}

at::Tensor experts(const at::Tensor& input, const at::Tensor& gate_up, const at::Tensor& down,
                   const Routing& routing) {
  // unbind, not select: the backward of select makes a whole stack of zeros for each expert.
  const std::vector<at::Tensor> gate_ups = gate_up.unbind(0);
  const std::vector<at::Tensor> downs = down.unbind(0);
  at::Tensor sum = at::zeros_like(input);
  for (size_t expert = 0; expert < downs.size(); ++expert) {
    const at::Tensor places = routing.experts.eq(static_cast<int64_t>(expert)).nonzero();
    if (places.size(0) == 0) continue;
    const at::Tensor tokens = places.select(1, 0);
    const at::Tensor weight = routing.weights.flatten().index_select(
        0, tokens.mul(routing.experts.size(1)).add(places.select(1, 1)));
    const at::Tensor inner = geglu(input.index_select(0, tokens).matmul(gate_ups[expert].t()));
    const at::Tensor outer = inner.matmul(downs[expert].t()).mul(weight.unsqueeze(-1));
    sum = sum.index_add(0, tokens, outer.to(input.scalar_type()));
  }
  return sum;
}

}  // namespace lapidary::ops::reference
