// From a run-time Dtype to a template argument.
#pragma once

#include "kernels/api/dtype.h"

namespace lapidary::kernels {

// function.template operator()<float or BFloat16>()
template <typename Function>
void with_type(Dtype dtype, Function&& function) {
  if (dtype == Dtype::kFloat32) {
    function.template operator()<float>();
  } else {
    function.template operator()<BFloat16>();
  }
}

}  // namespace lapidary::kernels
