// KL estimates as tensors (kl_kind.h has the formulas).
#pragma once

#include <ATen/core/Tensor.h>

#include "rl/kl_kind.h"

namespace lapidary::rl {

// log_ratio = policy - other, [tokens] fp32 -> [tokens]. `importance` (undefined: 1) multiplies the
// estimate before the clamp of low_var_kl. Beyond the clamp the value is the limit and the gradient
// exactly zero. Differentiable in log_ratio and importance.
at::Tensor kl_tensor(KlKind kind, const at::Tensor& log_ratio, const at::Tensor& importance);

}  // namespace lapidary::rl
