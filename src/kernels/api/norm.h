// RMSNorm of rows, as Gemma 4 does it: fp32 inside, eps added to the mean square, the plain weight
// multiplied in fp32, one rounding at the end.
#pragma once

#include "base/dim.h"
#include "kernels/api/dtype.h"

namespace lapidary::kernels {

struct NormShape {
  Dim rows;
  Dim dim;
  double eps;
};

// input [rows, dim], weight [dim] or null (scale-free) -> output [rows, dim], all of `dtype`,
// dense. output may be input.
void rms_norm(Dtype dtype, const void* input, const void* weight, void* output,
              const NormShape& shape);

// (residual + rms_norm(input, weight)) * scale, rounded after the norm, after the sum and, where
// scale is not 1, after the product. output may be residual or input.
void add_rms_norm(Dtype dtype, const void* residual, const void* input, const void* weight,
                  float scale, void* output, const NormShape& shape);

// rms_norm(first, first_weight) + rms_norm(second, second_weight), rounded after each: the dense
// and the expert branch put together.
void sum_of_rms_norms(Dtype dtype, const void* first, const void* first_weight, const void* second,
                      const void* second_weight, void* output, const NormShape& shape);

namespace reference {
void rms_norm(Dtype dtype, const void* input, const void* weight, void* output,
              const NormShape& shape);
void add_rms_norm(Dtype dtype, const void* residual, const void* input, const void* weight,
                  float scale, void* output, const NormShape& shape);
void sum_of_rms_norms(Dtype dtype, const void* first, const void* first_weight, const void* second,
                      const void* second_weight, void* output, const NormShape& shape);
}  // namespace reference

}  // namespace lapidary::kernels
