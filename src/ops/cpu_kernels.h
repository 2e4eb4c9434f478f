// The way from tensors to our CPU kernels, for the files of this room.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <initializer_list>

#include "kernels/api/dtype.h"

namespace lapidary::ops {

using TensorRefs = std::initializer_list<std::reference_wrapper<const at::Tensor>>;

// Whether the CPU kernels can compute with these tensors (undefined ones do not count): on the CPU,
// all of one dtype, float32 or bfloat16. Also hands the kernels LibTorch's threads, once.
bool can_use_cpu_kernels(TensorRefs tensors);

// Whether a result of these tensors must be differentiable.
bool needs_grad(TensorRefs tensors);

inline kernels::Dtype kernel_dtype(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kFloat ? kernels::Dtype::kFloat32 : kernels::Dtype::kBFloat16;
}

// Null for an undefined tensor. The tensor must be contiguous.
inline const void* data_or_null(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr() : nullptr;
}

}  // namespace lapidary::ops
