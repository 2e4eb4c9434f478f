// What a Gemma 4 text model is made of, read from a published config.json. Mirrors transformers'
// Gemma4TextConfig (model types gemma4_text and gemma4_unified_text, alone or as the text_config of
// gemma4 and gemma4_unified). Deliberately different: a field whose class default fits no release
// is required instead of defaulted, and what this program cannot compute is refused by name.
// Torch-free.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/dim.h"
#include "base/json.h"

namespace lapidary::model {

enum class LayerType { kSliding, kFull };
std::string_view to_string(LayerType type);  // "sliding_attention", "full_attention"

enum class RopeType {
  kDefault,       // all dimensions rotate
  kLinear,        // the same with every frequency divided by `factor`
  kProportional,  // the first partial_rotary_factor of the pairs rotate, exponents over the whole
                  // head_dim, every frequency divided by `factor`
};

struct RopeParameters {
  RopeType type = RopeType::kDefault;
  double theta = 10'000.0;
  double partial_rotary_factor = 1.0;  // always 1 unless proportional
  double factor = 1.0;                 // always 1 for the default type
  bool operator==(const RopeParameters&) const = default;
};

// How the checkpoint is laid out: decides architecture, prefix of the tensor names, and where the
// fields lie in config.json.
enum class CheckpointLayout { kTextOnly, kWrapped };

// The JSON a config was read from; ignored when configs are compared.
struct ConfigSource {
  std::shared_ptr<const Json> json;
  bool operator==(const ConfigSource&) const { return true; }
};

struct Gemma4Config {
  // Both spellings of head sizes (global_head_dim, per_layer_config, which wins) and of RoPE
  // (rope_parameters, which wins; rope_theta, rope_local_base_freq, rope_scaling) give equal
  // configs. All problems of a file are listed in one Error{kInvalidArgument}, or kUnsupported when
  // all that is wrong is not supported here.
  static Gemma4Config from_json(const Json& json, const std::string& what);
  static Gemma4Config read(const std::string& folder);  // folder/config.json

  // Throws as from_json does: for configs that were put together in code.
  void validate(const std::string& what) const;

  // As published: flat field names, keys sorted. Every field of the source that is not read here is
  // kept as it was.
  Json to_json() const;

  CheckpointLayout layout = CheckpointLayout::kTextOnly;
  std::string model_type = "gemma4_text";  // of the text model: or "gemma4_unified_text"
  // What the checkpoint says of itself: "float32", "bfloat16", "float16", or "" (as stored).
  std::string dtype = "float32";

  Dim vocab_size = 0;
  Dim hidden_size = 0;
  Dim base_intermediate_size = 0;  // the config's intermediate_size; see intermediate_size()
  Dim num_hidden_layers = 0;
  Dim num_attention_heads = 0;
  Dim sliding_head_dim = 0;  // head_dim
  Dim full_head_dim = 0;     // global_head_dim
  Dim sliding_num_key_value_heads = 0;
  Dim full_num_key_value_heads = 0;  // resolved: num_global_key_value_heads counts with K = V only
  bool attention_k_eq_v = false;
  Dim sliding_window = 0;              // counts the token itself
  std::vector<LayerType> layer_types;  // [num_hidden_layers]; the last is always full
  RopeParameters sliding_rope;
  RopeParameters full_rope;
  Dim max_position_embeddings = 0;
  double rms_norm_eps = 1e-6;
  std::optional<double> final_logit_softcapping;
  std::string use_bidirectional_attention;  // "" or "vision" (which acts on images only)
  double initializer_range = 0.02;

  bool enable_moe_block = false;
  Dim num_experts = 0;  // 0 without experts
  Dim top_k_experts = 0;
  Dim moe_intermediate_size = 0;

  Dim num_kv_shared_layers = 0;
  bool use_double_wide_mlp = false;
  Dim hidden_size_per_layer_input = 0;  // 0: no per-layer inputs
  Dim vocab_size_per_layer_input = 0;   // 0 without per-layer inputs

  std::optional<int64_t> pad_token_id;
  std::optional<int64_t> bos_token_id;
  std::vector<int64_t> eos_token_ids;

  ConfigSource source;

  bool operator==(const Gemma4Config&) const = default;

  // Of layer i, 0 <= i < num_hidden_layers.
  LayerType layer_type(Dim i) const { return layer_types[static_cast<size_t>(i)]; }
  bool is_full(Dim i) const { return layer_type(i) == LayerType::kFull; }
  Dim head_dim(Dim i) const { return is_full(i) ? full_head_dim : sliding_head_dim; }
  Dim num_key_value_heads(Dim i) const {
    return is_full(i) ? full_num_key_value_heads : sliding_num_key_value_heads;
  }
  const RopeParameters& rope(Dim i) const { return is_full(i) ? full_rope : sliding_rope; }
  Dim intermediate_size(Dim i) const;  // of the dense MLP: doubled on KV-shared layers if so set
  // Whether the layer has no k_proj, k_norm and v_proj and uses the final K and V of kv_donor(i).
  bool is_kv_shared(Dim i) const { return i >= first_kv_shared_layer(); }
  Dim first_kv_shared_layer() const { return num_hidden_layers - num_kv_shared_layers; }
  // The last unshared layer of the same type; i itself when it is not shared.
  Dim kv_donor(Dim i) const;
  // Whether a later layer borrows K and V of layer i.
  bool is_kv_donor(Dim i) const;
  // False on KV-shared layers and on full layers with K = V (V is then the raw k_proj output).
  bool has_v_proj(Dim i) const { return !is_kv_shared(i) && !(attention_k_eq_v && is_full(i)); }

  bool has_experts() const { return enable_moe_block; }
  bool has_per_layer_inputs() const { return hidden_size_per_layer_input > 0; }
};

}  // namespace lapidary::model
