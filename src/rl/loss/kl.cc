#include "rl/loss/kl.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>

#include "rl/loss/masked.h"

namespace lapidary::rl {

namespace {

at::Tensor plain_kl(KlKind kind, const at::Tensor& log_ratio) {
  switch (kind) {
    case KlKind::kK1:
      return log_ratio;
    case KlKind::kK2:
      return log_ratio * log_ratio / 2;
    case KlKind::kK3:
    case KlKind::kLowVariance:
      break;
  }
  return (-log_ratio).expm1() + log_ratio;
}

}  // namespace

at::Tensor kl_tensor(KlKind kind, const at::Tensor& log_ratio, const at::Tensor& importance) {
  if (kind != KlKind::kLowVariance) {
    const at::Tensor kl = plain_kl(kind, log_ratio);
    return importance.defined() ? importance * kl : kl;
  }
  at::Tensor clamped;
  at::Tensor is_inside;
  {
    const at::NoGradGuard no_grad;
    at::Tensor kl = plain_kl(kind, log_ratio);
    if (importance.defined()) {
      kl = importance * kl;
    }
    is_inside = kl.abs().le(kLowVarianceLimit);
    clamped = kl.clamp(-kLowVarianceLimit, kLowVarianceLimit);
  }
  // Outside the clamp the exponential may be infinite: it must not even be computed there.
  at::Tensor inside = plain_kl(kind, keep_where(is_inside, log_ratio));
  if (importance.defined()) {
    inside = inside * at::where(is_inside, importance, at::ones_like(importance));
  }
  return at::where(is_inside, inside, clamped);
}

}  // namespace lapidary::rl
