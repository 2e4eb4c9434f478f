// Which parameters of a model are trained.
#pragma once

#include <string>
#include <vector>

#include "model/gemma4/model.h"

namespace lapidary::train {

// Regular expressions (ECMAScript) that are searched for in checkpoint names
// ("model.layers.3.mlp.gate_proj.weight"). At most one of the lists may have entries.
struct ParameterPatterns {
  std::vector<std::string> frozen;     // --freeze-params-name-list: these stay as they are
  std::vector<std::string> trainable;  // --only-train-params-name-list: all others stay
};

// In the order of model.parameters(), buffers left out. Throws Error{kInvalidArgument} for a
// pattern that is no regular expression or matches no parameter, and when nothing is left.
std::vector<model::Parameter> select_parameters(const model::Gemma4Model& model,
                                                const ParameterPatterns& patterns);

}  // namespace lapidary::train
