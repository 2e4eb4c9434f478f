// Any text as config.json: it is read or refused with an Error. What is read is written and read
// again equally, and its table of tensors can be made and counted. An object without a model_type
// is laid over a sound config, so that one changed field is a short input.
#include <cstdint>

#include "base/check.h"
#include "base/log.h"
#include "model/gemma4/hf_names.h"

using lapidary::Json;
using lapidary::model::Gemma4Config;

namespace {

constexpr const char* kSound = R"({"model_type": "gemma4_text", "vocab_size": 64, "hidden_size": 8,
  "intermediate_size": 12, "num_hidden_layers": 4, "num_attention_heads": 4, "head_dim": 4,
  "num_key_value_heads": 2, "global_head_dim": 8, "num_global_key_value_heads": 1,
  "attention_k_eq_v": true, "sliding_window": 4, "max_position_embeddings": 128,
  "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"],
  "final_logit_softcapping": 30.0, "enable_moe_block": true, "num_experts": 4, "top_k_experts": 2,
  "moe_intermediate_size": 6, "num_kv_shared_layers": 2, "use_double_wide_mlp": true,
  "hidden_size_per_layer_input": 4, "vocab_size_per_layer_input": 64,
  "rope_parameters": {"sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
    "full_attention": {"rope_type": "proportional", "rope_theta": 1e6,
      "partial_rotary_factor": 0.25}}})";

Json config_of(const std::string& text) {
  Json json = lapidary::parse_json(text, "fuzz");
  if (!json.is_object() || json.contains("model_type")) return json;
  Json out = lapidary::parse_json(kSound, "sound");
  for (const auto& [key, value] : json.items()) out[key] = value;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lapidary::set_log_level(lapidary::LogLevel::kError);
  try {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const Gemma4Config config = Gemma4Config::from_json(lapidary::parse_json(text, "fuzz"), "fuzz");
    const Gemma4Config again = Gemma4Config::from_json(config.to_json(), "again");
    LAPIDARY_CHECK(again == config, lapidary::dump_json(config.to_json()));
    if (config.num_hidden_layers > 64) return 0;  // slow, and no different
    const auto counts = count_parameters(config);
    LAPIDARY_CHECK(counts.total > 0 && counts.active > 0 && counts.active <= counts.total,
                   counts.total);
    LAPIDARY_CHECK(!match_tensors(config, {}).problems.empty(), "no tensor is missed");
  } catch (const lapidary::Error& error) {
    if (error.kind() == lapidary::ErrorKind::kInternal) throw;
  }
  return 0;
}
