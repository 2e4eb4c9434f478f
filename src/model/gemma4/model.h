// The Gemma 4 text model, all sizes. Mirrors HF Gemma4TextModel and Gemma4ForCausalLM.
//
//   auto checkpoint = checkpoint::HfCheckpoint::open(folder);
//   auto model = Gemma4Model::load(*checkpoint, {.dtype = c10::kFloat, .device = c10::kCPU});
//   PackedContext context({0, 5, 12}, c10::kCPU);             // sequences of 5 and 7 tokens
//   at::Tensor hidden = model.hidden(ids, context);           // ids [12] -> [12, hidden]
//   at::Tensor logits = model.logits(hidden);                 // [12, vocabulary] fp32
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/dim.h"
#include "checkpoint/hf_checkpoint.h"
#include "checkpoint/save_hf.h"
#include "model/attention_context.h"
#include "model/gemma4/config.h"
#include "model/gemma4/decoder_layer.h"
#include "model/gemma4/observer.h"
#include "model/gemma4/parameters.h"
#include "model/gemma4/weights.h"
#include "ops/log_prob.h"
#include "ops/rope.h"

namespace lapidary::model {

enum class Recompute {
  kNone,
  kLayers,  // keep only the input of each layer and run the layer again in backward; same gradients
};

// Under recomputation the context given to the forward must live until backward has run.
struct ForwardOptions {
  Recompute recompute = Recompute::kNone;
  Observer observer;  // sees the intermediate values by name; not together with recompute
};

struct ModelOptions {
  c10::ScalarType dtype = c10::ScalarType::Float;  // of weights and activations
  c10::Device device = c10::kCPU;
};

// A value with shared ownership of its weights: a copy is the same model. Immutable but for the
// values and gradients of the weights, so that threads may run forwards at the same time.
class Gemma4Model {
 public:
  // Reads config.json of the checkpoint's folder. Every problem of the tensors is listed in one
  // Error{kCorrupt}; a value that is not finite is one too. Each tensor is copied once, from the
  // mapped file to where it is computed with.
  static Gemma4Model load(const checkpoint::HfCheckpoint& checkpoint, const ModelOptions& options);
  static Gemma4Model load(const checkpoint::HfCheckpoint& checkpoint, const Gemma4Config& config,
                          const ModelOptions& options);
  // Initial values as HF: matrices N(0, initializer_range), all vectors ones. The same seed gives
  // the same values on every device, rounded to the dtype.
  static Gemma4Model random(const Gemma4Config& config, uint64_t seed, const ModelOptions& options);

  const Gemma4Config& config() const { return config_; }
  const Gemma4Weights& weights() const { return weights_; }
  c10::ScalarType dtype() const { return weights_.embed_tokens.scalar_type(); }
  c10::Device device() const { return weights_.embed_tokens.device(); }

  // ids [tokens] int64, one row for each position of the context. Ids on the CPU are checked
  // against the vocabulary (Error{kInvalidArgument}) and brought to the model's device; ids that
  // are on another device are taken as they are, so that nothing waits. Also refused: no tokens, a
  // position beyond max_position_embeddings.
  // -> [tokens, hidden] after the final norm. Differentiable in the weights when they require grad.
  at::Tensor hidden(const at::Tensor& ids, AttentionContext& context,
                    const ForwardOptions& options = {}) const;

  // hidden [rows, hidden] -> fp32 [rows, vocabulary] after the soft cap.
  at::Tensor logits(const at::Tensor& hidden) const;

  // Log-probabilities of targets [rows] int64 without ever holding all logits; differentiable.
  ops::TokenLogProbs log_probs(const at::Tensor& hidden, const at::Tensor& targets,
                               double temperature = 1.0) const;

  // Every tensor of the checkpoint, in the order in which transformers writes them.
  const std::vector<Parameter>& parameters() const { return parameters_; }
  // The same as save_weights() takes them: named below the prefix. Shared, not copied.
  std::vector<checkpoint::NamedTensor> named_tensors() const;
  void for_each(const std::function<void(const Parameter&)>& visit) const;
  void set_requires_grad(bool requires_grad);
  void zero_grad();  // drops the gradients

  // Errors for input that no forward can take, before anything is indexed; `what` names the input.
  void check_ids(std::span<const int64_t> ids, std::string_view what) const;
  void check_length(Dim tokens, std::string_view what) const;

 private:
  Gemma4Model(const Gemma4Config& config, const ModelOptions& options, const std::string& prefix);

  Gemma4Config config_;
  Gemma4Weights weights_;
  std::vector<Parameter> parameters_;
  std::vector<LayerSpec> layers_;
  at::Tensor sliding_frequencies_;  // [sliding head_dim / 2] fp32
  at::Tensor full_frequencies_;     // [full head_dim / 2] fp32
};

}  // namespace lapidary::model
