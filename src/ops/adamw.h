// Mirrors a step of torch.optim.AdamW for one parameter.
#pragma once

#include <ATen/core/Tensor.h>

namespace lapidary::ops {

struct AdamWTensors {
  at::Tensor master;         // fp32; of an fp32 parameter, its own storage
  at::Tensor moment;         // fp32
  at::Tensor second_moment;  // fp32
  at::Tensor parameter;      // with its gradient; rounded from the master when of another dtype
};

struct AdamWStep {
  double lr;
  double beta1;
  double beta2;
  double eps;
  double weight_decay;
  double correction1;  // 1 - beta1^steps
  double correction2;  // 1 - beta2^steps
};

// One pass over memory on the CPU, where everything is dense.
void adamw_step(const AdamWTensors& tensors, const AdamWStep& step);

}  // namespace lapidary::ops
