#include "rollout/gemma4_decoder.h"

#include "model/gemma4/layer_spec.h"

namespace lapidary::rollout {

Gemma4Decoder::Gemma4Decoder(model::Gemma4Model model) : model_(std::move(model)) {
  for (const model::LayerSpec& spec : model::layer_specs(model_.config())) {
    layers_.push_back(spec.attention);
  }
}

at::Tensor Gemma4Decoder::logits(const at::Tensor& ids, model::AttentionContext& context,
                                 LogitRows rows) {
  const at::Tensor hidden = model_.hidden(ids, context);
  switch (rows) {
    case LogitRows::kNone:
      return {};
    case LogitRows::kLast:
      return model_.logits(hidden.narrow(0, hidden.size(0) - 1, 1));
    case LogitRows::kAll:
      return model_.logits(hidden);
  }
  return {};
}

}  // namespace lapidary::rollout
