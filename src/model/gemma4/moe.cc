#include "model/gemma4/moe.h"

#include "ops/moe.h"
#include "ops/norm.h"

namespace lapidary::model {

at::Tensor routed_experts(const LayerSpec& spec, const Gemma4LayerWeights& weights,
                          const at::Tensor& residual, const Observer& observer) {
  const ops::KeepProbs keep_probs = observer ? ops::KeepProbs::kYes : ops::KeepProbs::kNo;
  const ops::Routing routing =
      ops::route(residual, weights.router, spec.top_k_experts, spec.eps, keep_probs);
  observe(observer, "router.probs", spec.attention.index, routing.probs);
  observe(observer, "router.index", spec.attention.index, routing.experts);
  observe(observer, "router.weight", spec.attention.index, routing.weights);
  const at::Tensor normed = ops::rms_norm(residual, weights.pre_feedforward_layernorm_2, spec.eps);
  return ops::experts(normed, weights.experts_gate_up_proj, weights.experts_down_proj, routing);
}

}  // namespace lapidary::model
