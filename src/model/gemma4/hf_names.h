// The tensors of a Gemma 4 text checkpoint as a table: name, shape, and what each one is. Names
// here are below the prefix: "layers.0.self_attn.q_proj.weight". Torch-free.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/dim.h"
#include "checkpoint/safetensors_header.h"
#include "model/gemma4/config.h"

namespace lapidary::model {

enum class TensorKind { kTrainable, kBuffer };  // buffers (layer_scalar) are stored, never trained

// What a tensor does, independent of any sharding; the sharding tables are keyed by this.
enum class TensorRole {
  kEmbedding,                // embed_tokens, also the output head
  kPerLayerEmbedding,        // embed_tokens_per_layer
  kPerLayerModelProjection,  // per_layer_model_projection
  kPerLayerProjectionNorm,
  kQuery,
  kKey,
  kValue,
  kOutput,
  kQueryNorm,
  kKeyNorm,
  kGate,
  kUp,
  kDown,
  kRouter,
  kRouterScale,
  kPerExpertScale,
  kExpertGateUp,
  kExpertDown,
  kPerLayerGate,
  kPerLayerProjection,
  kNorm,  // any RMSNorm weight over the hidden size
  kLayerScalar,
};

struct ExpectedTensor {
  std::string name;        // below the prefix
  std::vector<Dim> shape;  // as stored: Linear weights are [out, in]
  TensorKind kind = TensorKind::kTrainable;
  TensorRole role = TensorRole::kNorm;
  Dim layer = -1;  // -1: not in a layer

  Dim num_elements() const;
};

// Every tensor of the model, in the order of transformers' state_dict. The head is tied, hence not
// listed.
std::vector<ExpectedTensor> expected_tensors(const Gemma4Config& config);

// Where text tensors lie: "model." or "model.language_model.".
std::string_view text_prefix(CheckpointLayout layout);

// What a checkpoint holds, compared with the table.
struct TensorMatch {
  std::string prefix;                     // as found in the file
  std::vector<std::string> problems;      // missing, unexpected and mis-shaped tensors; empty: good
  std::vector<std::string> pass_through;  // full names of vision and audio tensors, in file order
  std::vector<std::string> unused_kv;     // full names of K/V tensors of KV-shared layers
  bool has_tied_head = false;             // lm_head.weight is stored beside the embedding
};

// The prefix is detected, so a text-only file with a wrapper's config (and the reverse) is read.
TensorMatch match_tensors(const Gemma4Config& config,
                          std::span<const checkpoint::TensorInfo> tensors);
// The same; problems are thrown in one Error{kCorrupt} that lists them.
TensorMatch require_tensors(const Gemma4Config& config,
                            std::span<const checkpoint::TensorInfo> tensors,
                            const std::string& what);

// Of the text model: without vision and audio towers, the tied head once, without buffers.
struct ParameterCounts {
  Dim total = 0;
  Dim active = 0;     // with top_k_experts experts a layer instead of all
  Dim embedding = 0;  // token and per-layer embedding tables
};
ParameterCounts count_parameters(const Gemma4Config& config);

}  // namespace lapidary::model
