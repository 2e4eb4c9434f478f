#include "train/grad_clip.h"

#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

namespace lapidary::train {

namespace {

at::Tensor l2_norm(const at::Tensor& tensor) {
  return at::linalg_vector_norm(tensor, 2, std::nullopt, /*keepdim=*/false, at::kFloat);
}

}  // namespace

at::Tensor grad_norm(const std::vector<at::Tensor>& gradients) {
  std::vector<at::Tensor> norms;
  for (const at::Tensor& gradient : gradients) {
    if (gradient.defined()) norms.push_back(l2_norm(gradient.detach()));
  }
  if (norms.empty()) return at::zeros({}, at::kFloat);
  return l2_norm(at::stack(norms));
}

void clip_grad_norm(const std::vector<at::Tensor>& gradients, const at::Tensor& norm,
                    double max_norm) {
  const c10::NoGradGuard no_grad;
  const at::Tensor factor = norm.add(1e-6).reciprocal().mul(max_norm).clamp_max(1.0);
  for (const at::Tensor& gradient : gradients) {
    if (gradient.defined()) gradient.detach().mul_(factor.to(gradient.scalar_type()));
  }
}

}  // namespace lapidary::train
