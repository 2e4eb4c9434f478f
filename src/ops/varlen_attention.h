// packed_attention on CUDA through ATen's variable-length kernels: all sequences in one launch,
// windows inside the kernel, no scores in memory.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/attention.h"

namespace lapidary::ops {

// Whether these kernels take the device, dtype and head_dim.
bool can_use_varlen_attention(const at::Tensor& query, const at::Tensor& key);

// As packed_attention.
at::Tensor varlen_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                            const PackedRows& rows, Dim window);

}  // namespace lapidary::ops
