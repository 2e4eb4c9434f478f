// Shapes as they are written in comments, checked with the same words.
#pragma once

#include <ATen/core/Tensor.h>

#include <initializer_list>

#include "base/dim.h"

namespace lapidary {

inline constexpr Dim kAnyExtent = -1;

// Throws Error{kInternal} "query: expected shape [4, any, 16], found [4, 3, 8]". `name` is the
// tensor's name in the comment of the operation.
void expect_shape(const at::Tensor& tensor, const char* name, std::initializer_list<Dim> shape);

}  // namespace lapidary
