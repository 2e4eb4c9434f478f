#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace lapidary::ops {

using Tensors = std::vector<at::Tensor>;

// Runs `function` without recording its inside and runs it again in backward: only the inputs are
// kept (torch.utils.checkpoint, re-entrant). Gradients are bitwise those of the plain call.
// Parameters that `function` captures get their gradients when at least one input requires one.
// `function` must be deterministic and must live until backward has run.
Tensors recompute(std::function<Tensors(const Tensors&)> function, const Tensors& inputs);

}  // namespace lapidary::ops
