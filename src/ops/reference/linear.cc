#include "ops/reference.h"

namespace lapidary::ops::reference {

at::Tensor linear(const at::Tensor& input, const at::Tensor& weight) {
  if (input.is_cpu() && input.size(0) == 1)
    return input.expand({2, input.size(1)}).matmul(weight.t()).narrow(0, 0, 1);
  return input.matmul(weight.t());
}

}  // namespace lapidary::ops::reference
