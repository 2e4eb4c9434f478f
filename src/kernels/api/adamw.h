// One step of AdamW (Loshchilov and Hutter 2019) in a single pass over memory.
#pragma once

#include "base/dim.h"
#include "kernels/api/dtype.h"

namespace lapidary::kernels {

struct AdamWFactors {
  float decay;             // 1 - lr * weight decay
  float beta2;             // of the second moment
  float one_minus_beta1;   // apart, since fp32 would lose the digits of 1 - 0.999
  float one_minus_beta2;
  float root_correction2;  // sqrt(1 - beta2^steps)
  float eps;
  float step;  // lr / (1 - beta1^steps)
};

struct AdamWArrays {
  float* value;          // [count], updated
  float* moment;         // [count], updated
  float* second_moment;  // [count], updated
  const void* gradient;  // [count], of the dtype given
  void* rounded;         // [count] bf16 copy of the new value; or null
};
void adamw(Dtype gradient_dtype, const AdamWArrays& arrays, const AdamWFactors& factors, Dim count);

}  // namespace lapidary::kernels
