#include "model/gemma4/attention.h"

#include "ops/linear.h"

namespace lapidary::model {

AttentionOutput attention(const LayerSpec& spec, const Gemma4LayerWeights& weights,
                          const at::Tensor& input, const ops::RopeTable& rope,
                          const KeyValue& borrowed, AttentionContext& context) {
  const at::Tensor projected = ops::linear(input, weights.qkv_proj);
  const ops::Qkv qkv = ops::qkv_norm_rope(projected, weights.q_norm, weights.k_norm, rope,
                                          spec.heads(), spec.value_source, spec.eps);
  const bool borrows = spec.value_source == ops::ValueSource::kNone;
  const KeyValue own{qkv.key, qkv.value};
  const KeyValue& used = borrows ? borrowed : own;
  const at::Tensor attended = context.attend(spec.attention, qkv.query, used.key, used.value);
  return {ops::linear(attended.flatten(1), weights.o_proj), own};
}

}  // namespace lapidary::model
