#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

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

// Gradient of the logits of softmax(logits) = values, over the last dim.
at::Tensor softmax_backward(const at::Tensor& grad, const at::Tensor& values) {
  return grad.sub(values.mul(grad).sum(-1, /*keepdim=*/true)).mul_(values);
}

// kept: residual, proj, scale, per_expert_scale, experts, shares and, where they are given out,
// probs. The shares of a token are a softmax over the logits of its chosen experts: no other logit
// has a gradient from them.
Tensors backward(const Tensors& kept, const Tensors& grads, double eps) {
  const at::Tensor &residual = kept[0], &proj = kept[1], &scale = kept[2];
  const at::Tensor &per_expert_scale = kept[3], &chosen = kept[4], &shares = kept[5];
  const Dim num_experts = proj.size(0);
  const at::Tensor scales =
      per_expert_scale.to(at::kFloat).index_select(0, chosen.flatten()).view_as(shares);
  const at::Tensor grad_weights = grads[0].defined() ? grads[0] : at::zeros_like(shares);
  at::Tensor grad_logits =
      at::zeros({residual.size(0), num_experts}, shares.options())
          .scatter_(1, chosen, softmax_backward(grad_weights.mul(scales), shares));
  if (grads.size() > 1 && grads[1].defined()) grad_logits.add_(softmax_backward(grads[1], kept[6]));
  grad_logits = grad_logits.to(residual.scalar_type());
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
  const Tensors made = apply_custom_grad(
      {.forward =
           [&](const Tensors& in) {
             const Routed routed = forward(in[0], {in[1], in[2], in[3]}, top_k, eps, keep_probs);
             out = routed.routing;
             Tensors outputs{out.weights};
             Tensors kept{in[0], in[1], in[2], in[3], out.experts, routed.shares};
             if (out.probs.defined()) {
               outputs.push_back(out.probs);
               kept.push_back(out.probs);
             }
             return std::pair(outputs, kept);
           },
       .backward = [eps](const Tensors& kept,
                         const Tensors& grads) { return backward(kept, grads, eps); }},
      {residual, router.proj, router.scale, router.per_expert_scale});
  out.weights = made[0];
  if (made.size() > 1) out.probs = made[1];
  return out;
}

}  // namespace lapidary::ops
