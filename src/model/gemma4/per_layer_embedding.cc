#include "model/gemma4/per_layer_embedding.h"

#include <array>
#include <cmath>

#include "ops/embedding.h"
#include "ops/geglu.h"
#include "ops/linear.h"
#include "ops/norm.h"

namespace lapidary::model {

at::Tensor per_layer_inputs(const Gemma4Config& config, const Gemma4Weights& weights,
                            const at::Tensor& ids, const at::Tensor& embedded) {
  const Dim width = config.hidden_size_per_layer_input;
  const at::Tensor of_token = ops::scaled_embedding(ids, weights.embed_tokens_per_layer,
                                                    std::sqrt(static_cast<double>(width)),
                                                    config.pad_token_id.value_or(-1));
  const double root_size = std::pow(static_cast<double>(config.hidden_size), -0.5);
  const at::Tensor of_context =
      ops::linear(embedded, weights.per_layer_model_projection).mul(root_size);
  // Layer-major: layer i owns columns [i * width, (i + 1) * width).
  const std::array<Dim, 3> by_layer{ids.size(0), config.num_hidden_layers, width};
  return ops::rms_norm(of_context.view(by_layer), weights.per_layer_projection_norm,
                       config.rms_norm_eps)
      .add(of_token.view(by_layer))
      .mul(std::pow(2.0, -0.5));
}

at::Tensor add_per_layer_input(const LayerSpec& spec, const Gemma4LayerWeights& weights,
                               const at::Tensor& x, const at::Tensor& per_layer_input) {
  const at::Tensor gated =
      ops::gelu_gate(ops::linear(x, weights.per_layer_input_gate), per_layer_input);
  return ops::add_rms_norm(x, ops::linear(gated, weights.per_layer_projection),
                           weights.post_per_layer_input_norm, spec.eps);
}

}  // namespace lapidary::model
