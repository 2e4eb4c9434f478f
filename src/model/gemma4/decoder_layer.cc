#include "model/gemma4/decoder_layer.h"

#include "model/gemma4/mlp.h"
#include "model/gemma4/moe.h"
#include "model/gemma4/per_layer_embedding.h"
#include "ops/norm.h"

namespace lapidary::model {

namespace {

// The dense MLP, and beside it the routed experts with their own norms. residual [tokens, hidden].
at::Tensor feed_forward(const LayerSpec& spec, const Gemma4LayerWeights& weights,
                        const at::Tensor& residual, const Observer& observer) {
  const Dim layer = spec.attention.index;
  const at::Tensor dense =
      mlp(weights, ops::rms_norm(residual, weights.pre_feedforward_layernorm, spec.eps));
  observe(observer, "mlp", layer, dense);
  if (spec.top_k_experts == 0) return dense;
  const at::Tensor routed = routed_experts(spec, weights, residual, observer);
  observe(observer, "experts", layer, routed);
  return ops::add_rms_norm(ops::rms_norm(dense, weights.post_feedforward_layernorm_1, spec.eps),
                           routed, weights.post_feedforward_layernorm_2, spec.eps);
}

}  // namespace

LayerOutput decoder_layer(const LayerSpec& spec, const Gemma4LayerWeights& weights,
                          const LayerInput& input, const ops::RopeTable& rope,
                          AttentionContext& context, const Observer& observer) {
  const Dim layer = spec.attention.index;
  at::Tensor x = input.hidden;

  const AttentionOutput attended =
      attention(spec, weights, ops::rms_norm(x, weights.input_layernorm, spec.eps), rope,
                input.borrowed, context);
  observe(observer, "attn", layer, attended.hidden);
  x = ops::add_rms_norm(x, attended.hidden, weights.post_attention_layernorm, spec.eps);

  x = ops::add_rms_norm(x, feed_forward(spec, weights, x, observer),
                        weights.post_feedforward_layernorm, spec.eps);

  if (input.per_layer_input.defined())
    x = add_per_layer_input(spec, weights, x, input.per_layer_input);

  x = x.mul(weights.layer_scalar);  // the whole residual stream, not only what the layer added
  observe(observer, "layer", layer, x);
  return {x, attended.own};
}

}  // namespace lapidary::model
