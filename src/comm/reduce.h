#pragma once

#include <c10/core/ScalarType.h>

#include <span>

#include "comm/communicator.h"

namespace lapidary::comm {

// out[i] = inputs[0][i] op inputs[1][i] op .., in that order, for `count` elements. Two-byte floats
// are reduced in fp32 and rounded once. `out` may be inputs[0]. Supported: float, double, bfloat16,
// half, int32, int64.
void reduce_in_order(void* out, std::span<const void* const> inputs, Dim count,
                     c10::ScalarType dtype, ReduceOp op);

}  // namespace lapidary::comm
