// A Gemma 4 model as the engine sees it. Reads the model's own weights: what a trainer writes into
// them is what the next forward computes with.
#pragma once

#include "model/gemma4/model.h"
#include "rollout/decoder.h"

namespace lapidary::rollout {

class Gemma4Decoder : public Decoder {
 public:
  explicit Gemma4Decoder(model::Gemma4Model model);
  const std::vector<model::AttentionLayer>& layers() const override { return layers_; }
  Dim vocab_size() const override { return model_.config().vocab_size; }
  Dim max_positions() const override { return model_.config().max_position_embeddings; }
  c10::ScalarType dtype() const override { return model_.dtype(); }
  c10::Device device() const override { return model_.device(); }
  at::Tensor logits(const at::Tensor& ids, model::AttentionContext& context,
                    LogitRows rows) override;

 private:
  model::Gemma4Model model_;  // shares the weights of the original
  std::vector<model::AttentionLayer> layers_;
};

}  // namespace lapidary::rollout
