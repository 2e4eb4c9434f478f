#include "ops/adamw.h"

#include <cmath>

#include "kernels/api/adamw.h"
#include "ops/cpu_kernels.h"

namespace lapidary::ops {

namespace {

bool is_dense_on_cpu(const AdamWTensors& tensors) {
  const at::Tensor& gradient = tensors.parameter.grad();
  return can_use_cpu_kernels({tensors.master, tensors.moment, tensors.second_moment}) &&
         can_use_cpu_kernels({tensors.parameter, gradient}) && tensors.master.is_contiguous() &&
         tensors.moment.is_contiguous() && tensors.second_moment.is_contiguous() &&
         tensors.parameter.is_contiguous() && gradient.is_contiguous();
}

void step_on_cpu(const AdamWTensors& tensors, const AdamWStep& step) {
  const at::Tensor& gradient = tensors.parameter.grad();
  const bool has_copy = !tensors.master.is_alias_of(tensors.parameter);
  kernels::adamw(
      kernel_dtype(gradient),
      {tensors.master.mutable_data_ptr<float>(), tensors.moment.mutable_data_ptr<float>(),
       tensors.second_moment.mutable_data_ptr<float>(), gradient.const_data_ptr(),
       has_copy ? tensors.parameter.mutable_data_ptr() : nullptr},
      {.decay = static_cast<float>(1.0 - step.lr * step.weight_decay),
       .beta2 = static_cast<float>(step.beta2),
       .one_minus_beta1 = static_cast<float>(1.0 - step.beta1),
       .one_minus_beta2 = static_cast<float>(1.0 - step.beta2),
       .root_correction2 = static_cast<float>(std::sqrt(step.correction2)),
       .eps = static_cast<float>(step.eps),
       .step = static_cast<float>(step.lr / step.correction1)},
      tensors.master.numel());
}

}  // namespace

void adamw_step(const AdamWTensors& tensors, const AdamWStep& step) {
  if (is_dense_on_cpu(tensors)) {
    step_on_cpu(tensors, step);
    return;
  }
  const at::Tensor gradient = tensors.parameter.grad().to(at::kFloat);
  tensors.master.mul_(1.0 - step.lr * step.weight_decay);
  tensors.moment.lerp_(gradient, 1.0 - step.beta1);
  tensors.second_moment.mul_(step.beta2).addcmul_(gradient, gradient, 1.0 - step.beta2);
  const at::Tensor scale =
      tensors.second_moment.sqrt().div_(std::sqrt(step.correction2)).add_(step.eps);
  tensors.master.addcdiv_(tensors.moment, scale, -step.lr / step.correction1);
  if (!tensors.master.is_alias_of(tensors.parameter))
    tensors.parameter.detach().copy_(tensors.master);
}

}  // namespace lapidary::ops
