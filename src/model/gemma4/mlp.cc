#include "model/gemma4/mlp.h"

#include "ops/geglu.h"
#include "ops/linear.h"

namespace lapidary::model {

at::Tensor mlp(const Gemma4LayerWeights& weights, const at::Tensor& input) {
  return ops::linear(ops::geglu(ops::linear(input, weights.gate_up_proj)), weights.down_proj);
}

}  // namespace lapidary::model
