// y = x W^T for few rows: the weights stream through once, whatever the number of rows.
#pragma once

#include "base/dim.h"
#include "kernels/api/dtype.h"

namespace lapidary::kernels {

struct LinearShape {
  Dim rows;
  Dim in;
  Dim out;
};

// input [rows, in], weight [out, in] -> output [rows, out], all of `dtype`, dense; fp32 sums, one
// rounding. A row's bits depend neither on the other rows nor on how many there are. Any number of
// rows is allowed; beyond a few hundred a blocked matrix product is faster.
void linear(Dtype dtype, const void* input, const void* weight, void* output,
            const LinearShape& shape);

// The same with fp32 output.
void linear_to_float(Dtype dtype, const void* input, const void* weight, float* output,
                     const LinearShape& shape);

namespace reference {
void linear(Dtype dtype, const void* input, const void* weight, void* output,
            const LinearShape& shape);
}  // namespace reference

}  // namespace lapidary::kernels
