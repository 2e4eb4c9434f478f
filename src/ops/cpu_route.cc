#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "kernels/api/moe.h"
#include "ops/cpu_kernels.h"
#include "ops/cpu_moe.h"
#include "ops/custom_grad.h"
#include "ops/matmul.h"
#include "ops/norm.h"

namespace lapidary::ops {

namespace {

struct Routed {
  Routing routing;
  at::Tensor shares;  // [tokens, top_k] fp32: the weights before per_expert_scale
};

Routed forward(const at::Tensor& residual, const RouterWeights& router, Dim top_k, double eps,
               KeepProbs keep_probs) {
  const at::Tensor rows = residual.contiguous();
  const at::Tensor proj = router.proj.contiguous();
  const Dim tokens = rows.size(0);
  const Dim num_experts = proj.size(0);
  const at::TensorOptions fp32 = rows.options().dtype(at::kFloat);
  Routed out = {{at::empty({tokens, top_k}, fp32), at::empty({tokens, top_k}, at::kLong), {}},
                at::empty({tokens, top_k}, fp32)};
  if (keep_probs == KeepProbs::kYes) out.routing.probs = at::empty({tokens, num_experts}, fp32);
  kernels::route(
      kernel_dtype(rows),
      {rows.const_data_ptr(), proj.const_data_ptr(), router.scale.const_data_ptr(),
       router.per_expert_scale.const_data_ptr(), out.routing.weights.mutable_data_ptr<float>(),
       out.routing.experts.mutable_data_ptr<int64_t>(),
       out.routing.probs.defined() ? out.routing.probs.mutable_data_ptr<float>() : nullptr,
       out.shares.mutable_data_ptr<float>()},
      {tokens, rows.size(1), num_experts, top_k, eps});
  return out;
}

// kept: residual, proj, scale, per_expert_scale, experts, shares. The shares of a token are a
// softmax over the logits of its chosen experts: no other logit has a gradient.
Tensors backward(const Tensors& kept, const at::Tensor& grad_weights, double eps) {
  const at::Tensor &residual = kept[0], &proj = kept[1], &scale = kept[2];
  const at::Tensor &per_expert_scale = kept[3], &chosen = kept[4], &shares = kept[5];
  const Dim num_experts = proj.size(0);
  const at::Tensor scales =
      per_expert_scale.to(at::kFloat).index_select(0, chosen.flatten()).view_as(shares);
  const at::Tensor grad_shares = grad_weights.mul(scales);
  const at::Tensor mean = shares.mul(grad_shares).sum(-1, /*keepdim=*/true);
  const at::Tensor grad_logits = at::zeros({residual.size(0), num_experts}, shares.options())
                                     .scatter_(1, chosen, grad_shares.sub(mean).mul_(shares))
                                     .to(residual.scalar_type());
  const at::Tensor grad_scales =
      at::zeros({num_experts}, shares.options())
          .index_add_(0, chosen.flatten(), grad_weights.mul(shares).flatten());

  const at::Tensor rows = residual.contiguous();
  const at::Tensor inputs = at::empty_like(rows);  // of the projection
  kernels::router_input(kernel_dtype(rows), rows.const_data_ptr(), scale.const_data_ptr(),
                        inputs.mutable_data_ptr(), rows.size(0), rows.size(1), eps);
  const double root = 1.0 / std::sqrt(static_cast<double>(rows.size(1)));
  const NormGradients normed = rms_norm_backward(matmul(grad_logits, proj), rows, scale, root, eps);
  return {normed.input, matmul(grad_logits.t(), inputs), normed.weight,
          grad_scales.to(per_expert_scale.scalar_type())};
}

}  // namespace

Routing cpu_route(const at::Tensor& residual, const RouterWeights& router, Dim top_k, double eps,
                  KeepProbs keep_probs) {
  if (!needs_grad({residual, router.proj, router.scale, router.per_expert_scale}))
    return forward(residual, router, top_k, eps, keep_probs).routing;
  Routing out;
  const Tensors weights = apply_custom_grad(
      {.forward =
           [&](const Tensors& in) {
             const Routed made = forward(in[0], {in[1], in[2], in[3]}, top_k, eps, keep_probs);
             out = made.routing;
             return std::pair(Tensors{out.weights},
                              Tensors{in[0], in[1], in[2], in[3], out.experts, made.shares});
           },
       .backward = [eps](const Tensors& kept,
                         const Tensors& grads) { return backward(kept, grads[0], eps); }},
      {residual, router.proj, router.scale, router.per_expert_scale});
  out.weights = weights[0];
  return out;
}

}  // namespace lapidary::ops
