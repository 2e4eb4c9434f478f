#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string_view>

#include "base/dim.h"

namespace lapidary::model {

// Called with intermediate values as they are made, for comparison with another implementation:
// "embed" and "final_norm" (layer -1), and of each layer "layer" (its output), "attn", "mlp" and
// "experts" (before their post norms), "router.probs", "router.index", "router.weight".
using Observer = std::function<void(std::string_view name, Dim layer, const at::Tensor& value)>;

inline void observe(const Observer& observer, std::string_view name, Dim layer,
                    const at::Tensor& value) {
  if (observer) observer(name, layer, value);
}

}  // namespace lapidary::model
