// Writing config.json: what was read, with the fields of this program set to their published
// spelling.
#include <algorithm>

#include "model/gemma4/config.h"

namespace lapidary::model {
namespace {

Json integer_or_null(const std::optional<int64_t>& value) {
  return value ? Json(*value) : Json();
}

Json rope_entry(const RopeParameters& rope) {
  Json out = Json::object();
  switch (rope.type) {
    case RopeType::kDefault:
      out["rope_type"] = "default";
      break;
    case RopeType::kLinear:
      out["rope_type"] = "linear";
      break;
    case RopeType::kProportional:
      out["rope_type"] = "proportional";
      out["partial_rotary_factor"] = rope.partial_rotary_factor;
      break;
  }
  out["rope_theta"] = rope.theta;
  if (rope.factor != 1.0) out["factor"] = rope.factor;
  return out;
}

// Set only where a config without the field would be read differently, so that files which leave a
// field out or null keep doing so.
void set_if_needed(Json& object, const char* key, const Json& value, const Json& when_absent) {
  const auto found = object.find(key);
  const bool is_absent = found == object.end() || found->is_null();
  if (is_absent && value == when_absent) return;
  if (is_absent || *found != value) object[key] = value;
}

void write_head_sizes(const Gemma4Config& config, Json& text) {
  text.erase("per_layer_config");
  text["head_dim"] = config.sliding_head_dim;
  text["global_head_dim"] = config.full_head_dim;
  text["num_key_value_heads"] = config.sliding_num_key_value_heads;
  const bool differs = config.full_num_key_value_heads != config.sliding_num_key_value_heads;
  const auto found = text.find("num_global_key_value_heads");
  const bool is_null = found != text.end() && found->is_null();
  if (config.attention_k_eq_v) {
    // null says the same as the sliding layers' number: it stays if it was so.
    if (differs || !is_null) text["num_global_key_value_heads"] = config.full_num_key_value_heads;
  } else if (differs) {  // the flat spelling cannot say this
    for (Dim i = 0; i < config.num_hidden_layers; ++i) {
      if (!config.is_full(i)) continue;
      text["per_layer_config"][std::to_string(i)] = {
          {"head_dim", config.full_head_dim},
          {"num_key_value_heads", config.full_num_key_value_heads}};
    }
  } else if (found == text.end()) {
    text["num_global_key_value_heads"] = nullptr;
  }
}

void write_rope(const Gemma4Config& config, Json& text) {
  for (const char* old :
       {"rope_theta", "rope_local_base_freq", "rope_scaling", "partial_rotary_factor"}) {
    text.erase(old);
  }
  Json& parameters = text["rope_parameters"];
  if (!parameters.is_object()) parameters = Json::object();
  const auto set = [&](const char* key, const RopeParameters& rope) {
    Json entry = rope_entry(rope);
    // A factor without effect (see config_reader.cc) stays as it was.
    if (const auto found = parameters.find(key); found != parameters.end() && found->is_object()) {
      for (const auto& [name, value] : found->items()) {
        if (!entry.contains(name) && name != "type") entry[name] = value;
      }
    }
    parameters[key] = std::move(entry);
  };
  set("sliding_attention", config.sliding_rope);
  set("full_attention", config.full_rope);
}

void write_variants(const Gemma4Config& config, Json& text) {
  const bool is_unified = config.model_type == "gemma4_unified_text";
  set_if_needed(text, "enable_moe_block", config.enable_moe_block,
                is_unified ? Json(false) : Json());
  if (config.enable_moe_block) {
    text["num_experts"] = config.num_experts;
    text["top_k_experts"] = config.top_k_experts;
    text["moe_intermediate_size"] = config.moe_intermediate_size;
  }
  set_if_needed(text, "num_kv_shared_layers", config.num_kv_shared_layers,
                is_unified ? Json(0) : Json());
  set_if_needed(text, "use_double_wide_mlp", config.use_double_wide_mlp,
                is_unified ? Json(false) : Json());
  set_if_needed(text, "hidden_size_per_layer_input", config.hidden_size_per_layer_input,
                is_unified ? Json(0) : Json());
  if (config.has_per_layer_inputs())
    text["vocab_size_per_layer_input"] = config.vocab_size_per_layer_input;
}

void write_token_ids(const Gemma4Config& config, Json& top, Json& text) {
  text["pad_token_id"] = integer_or_null(config.pad_token_id);
  text["bos_token_id"] = integer_or_null(config.bos_token_id);
  Json& owner = top.is_object() && top.contains("eos_token_id") && !top["eos_token_id"].is_null()
                    ? top
                    : text;
  Json& eos = owner["eos_token_id"];
  const std::vector<int64_t>& ids = config.eos_token_ids;
  if (eos.is_array() || ids.size() > 1) {
    eos = ids;
  } else {
    eos = ids.empty() ? Json() : Json(ids.front());
  }
}

void write_text_config(const Gemma4Config& config, Json& text) {
  text["model_type"] = config.model_type;
  text["vocab_size"] = config.vocab_size;
  text["hidden_size"] = config.hidden_size;
  text["intermediate_size"] = config.base_intermediate_size;
  text["num_hidden_layers"] = config.num_hidden_layers;
  text["num_attention_heads"] = config.num_attention_heads;
  text["attention_k_eq_v"] = config.attention_k_eq_v;
  text["sliding_window"] = config.sliding_window;
  text["max_position_embeddings"] = config.max_position_embeddings;
  text["rms_norm_eps"] = config.rms_norm_eps;
  text["initializer_range"] = config.initializer_range;
  text["final_logit_softcapping"] =
      config.final_logit_softcapping ? Json(*config.final_logit_softcapping) : Json();
  text["use_bidirectional_attention"] = config.use_bidirectional_attention.empty()
                                            ? Json()
                                            : Json(config.use_bidirectional_attention);
  Json types = Json::array();
  for (const LayerType type : config.layer_types) types.push_back(std::string(to_string(type)));
  text["layer_types"] = std::move(types);
  write_head_sizes(config, text);
  write_rope(config, text);
  write_variants(config, text);
}

void write_dtype(const std::string& dtype, Json& object) {
  object.erase("torch_dtype");
  object.erase("dtype");
  if (!dtype.empty()) object["dtype"] = dtype;
}

void write_constants(Json& text) {
  for (const auto& [key, value] : {std::pair<const char*, Json>{"attention_bias", false},
                                   {"attention_dropout", 0.0},
                                   {"hidden_activation", "gelu_pytorch_tanh"},
                                   {"tie_word_embeddings", true}}) {
    if (!text.contains(key)) text[key] = value;
  }
}

void write_architecture(const Gemma4Config& config, Json& top) {
  if (top.contains("architectures")) return;
  const bool is_unified = config.model_type == "gemma4_unified_text";
  const bool is_wrapped = config.layout == CheckpointLayout::kWrapped;
  top["architectures"] = Json::array({std::string(is_unified ? "Gemma4Unified" : "Gemma4") +
                                      (is_wrapped ? "ForConditionalGeneration" : "ForCausalLM")});
}

// Objects by key, as transformers writes them; lists keep their order.
Json with_sorted_keys(const Json& value) {
  if (!value.is_object()) return value;
  std::vector<std::string> keys;
  for (const auto& [key, item] : value.items()) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  Json out = Json::object();
  for (const std::string& key : keys) out[key] = with_sorted_keys(value[key]);
  return out;
}

}  // namespace

Json Gemma4Config::to_json() const {
  Json top = source.json ? *source.json : Json::object();
  const bool is_wrapped = layout == CheckpointLayout::kWrapped;
  if (is_wrapped) {
    top["model_type"] = model_type == "gemma4_unified_text" ? "gemma4_unified" : "gemma4";
    if (!top.contains("text_config")) top["text_config"] = Json::object();
  }
  write_architecture(*this, top);
  write_dtype(dtype, top);
  Json& text = is_wrapped ? top["text_config"] : top;
  write_text_config(*this, text);
  write_token_ids(*this, top, text);
  if (is_wrapped) write_dtype(dtype, text);
  if (!source.json) write_constants(text);
  return with_sorted_keys(top);
}

}  // namespace lapidary::model
