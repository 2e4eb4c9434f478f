// Reading config.json. Presence and types are checked here, values and combinations in config.cc.
// Which fields may be absent: those whose class default fits every published model (rms_norm_eps,
// activation, rope_parameters, ..), and those that the model type does not have.
#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "model/gemma4/config.h"
#include "model/gemma4/config_fields.h"
#include "model/gemma4/problem_list.h"

namespace lapidary::model {
namespace {

void read_layer_types(const Fields& text, Gemma4Config& config) {
  if (!text.require("layer_types")) return;
  const Json& list = *text.find("layer_types");
  if (!list.is_array() || list.empty()) {
    text.wrong_type("layer_types", list, "a list with one entry a layer");
    return;
  }
  for (const Json& item : list) {
    const std::string type = item.is_string() ? item.get<std::string>() : dump_json(item);
    if (type != "sliding_attention" && type != "full_attention") {
      text.problems().unsupported(text.name("layer_types"), "found ", lapidary::quoted(type),
                                  ", supported are sliding_attention and full_attention");
      return;
    }
    config.layer_types.push_back(type == "full_attention" ? LayerType::kFull : LayerType::kSliding);
  }
  if (config.layer_types.back() != LayerType::kFull) {  // as transformers does
    log_warning("config: the last layer is sliding_attention; it is made full_attention");
    config.layer_types.back() = LayerType::kFull;
  }
}

struct HeadSizes {
  Dim head_dim;
  Dim num_key_value_heads;
  bool operator==(const HeadSizes&) const = default;
};

// per_layer_config: {"05": {"head_dim": 512, "num_key_value_heads": 2}, ..}; what is missing there
// keeps the base value. All layers of one type must agree (RoPE tables and shared K/V need it).
void read_per_layer_config(const Fields& text, const Json& layers, Gemma4Config& config) {
  const HeadSizes base = {config.sliding_head_dim, config.sliding_num_key_value_heads};
  std::vector<HeadSizes> sizes(config.layer_types.size(), base);
  for (const auto& [key, overrides] : layers.items()) {
    const std::string field = text.name("per_layer_config." + key);
    const bool is_number =
        !key.empty() && key.size() <= 9 && key.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number || std::stoul(key) >= sizes.size()) {
      text.problems().invalid(field, "keys must be layer numbers from 0 to ", sizes.size() - 1);
      continue;
    }
    if (!overrides.is_object()) {
      text.problems().invalid(field, "must be an object, found ", json_type(overrides));
      continue;
    }
    const Fields layer(overrides, field + ".", text.problems());
    HeadSizes& own = sizes[std::stoul(key)];
    own.head_dim = layer.integer("head_dim").value_or(own.head_dim);
    own.num_key_value_heads =
        layer.integer("num_key_value_heads").value_or(own.num_key_value_heads);
    for (const auto& [name, value] : overrides.items()) {
      const bool is_empty_skip = name == "skip" && value.is_array() && value.empty();
      if (name != "head_dim" && name != "num_key_value_heads" && !is_empty_skip)
        text.problems().unsupported(layer.name(name),
                                    "only head_dim and num_key_value_heads may differ by layer");
    }
  }
  for (const LayerType type : {LayerType::kSliding, LayerType::kFull}) {
    const HeadSizes* first = nullptr;
    for (size_t i = 0; i < sizes.size(); ++i) {
      if (config.layer_types[i] != type) continue;
      if (first == nullptr) first = &sizes[i];
      if (!(sizes[i] == *first))
        text.problems().unsupported(text.name("per_layer_config"), "layer ", i,
                                    " has other head sizes than the first layer of its type (",
                                    to_string(type), ")");
    }
    if (first == nullptr) continue;
    (type == LayerType::kFull ? config.full_head_dim : config.sliding_head_dim) = first->head_dim;
    (type == LayerType::kFull ? config.full_num_key_value_heads
                              : config.sliding_num_key_value_heads) = first->num_key_value_heads;
  }
}

void read_heads(const Fields& text, Gemma4Config& config) {
  config.num_attention_heads = text.required_integer("num_attention_heads");
  config.sliding_head_dim = text.required_integer("head_dim");
  config.sliding_num_key_value_heads = text.required_integer("num_key_value_heads");
  config.attention_k_eq_v = text.required_boolean("attention_k_eq_v");
  config.full_head_dim = config.sliding_head_dim;
  config.full_num_key_value_heads = config.sliding_num_key_value_heads;
  if (const Json* layers = text.object("per_layer_config")) {
    read_per_layer_config(text, *layers, config);
    return;
  }
  config.full_head_dim = text.required_integer("global_head_dim");
  // Only K = V layers have their own number of K/V heads; null means the sliding layers' number.
  if (!config.attention_k_eq_v) return;
  if (!text.has_key("num_global_key_value_heads")) {
    text.problems().invalid(text.name("num_global_key_value_heads"), "is missing");
    return;
  }
  config.full_num_key_value_heads =
      text.integer("num_global_key_value_heads").value_or(config.full_num_key_value_heads);
}

std::optional<RopeType> rope_type_from_name(const std::string& name) {
  if (name == "default") return RopeType::kDefault;
  if (name == "linear") return RopeType::kLinear;
  if (name == "proportional") return RopeType::kProportional;
  return std::nullopt;
}

// One entry of rope_parameters, or what the old spelling says of one layer type. `rope` holds the
// values for what is absent. transformers gives partial_rotary_factor no effect on the default
// type.
void read_rope_entry(const Fields& fields, RopeParameters& rope) {
  std::optional<std::string> type = fields.string("rope_type");
  if (!type) type = fields.string("type");
  if (type) {
    const std::optional<RopeType> known = rope_type_from_name(*type);
    if (!known) {
      fields.problems().unsupported(fields.name("rope_type"), "found ", lapidary::quoted(*type),
                                    ", supported are default, linear, proportional");
      return;
    }
    rope.type = *known;
    rope.partial_rotary_factor = 1.0;
  }
  rope.theta = fields.number("rope_theta").value_or(rope.theta);
  rope.partial_rotary_factor =
      fields.number("partial_rotary_factor").value_or(rope.partial_rotary_factor);
  rope.factor = fields.number("factor").value_or(rope.factor);
  if (rope.type == RopeType::kDefault) rope.partial_rotary_factor = rope.factor = 1.0;
  if (rope.type == RopeType::kLinear && rope.partial_rotary_factor != 1.0)
    fields.problems().unsupported(fields.name("partial_rotary_factor"),
                                  "has no meaning with rope_type linear");
}

void read_rope_parameters(const Fields& text, const Json& parameters, Gemma4Config& config) {
  for (const LayerType type : {LayerType::kSliding, LayerType::kFull}) {
    if (std::find(config.layer_types.begin(), config.layer_types.end(), type) ==
        config.layer_types.end()) {
      continue;
    }
    const std::string key(to_string(type));
    const Fields outer(parameters, text.name("rope_parameters."), text.problems());
    if (!outer.require(key)) continue;
    const Json* entry = outer.object(key);
    if (entry == nullptr) continue;
    const Fields fields(*entry, outer.name(key) + ".", text.problems());
    fields.require("rope_theta");
    // Absent means "default" to transformers, which on full layers fits no published model.
    if (type == LayerType::kFull && !fields.has_key("type")) fields.require("rope_type");
    RopeParameters& rope = type == LayerType::kFull ? config.full_rope : config.sliding_rope;
    rope = RopeParameters();
    read_rope_entry(fields, rope);
  }
}

// Gemma 3's spelling: rope_theta, partial_rotary_factor and rope_scaling describe full layers,
// rope_local_base_freq sliding ones.
void read_old_rope(const Fields& text, Gemma4Config& config) {
  config.sliding_rope.theta =
      text.number("rope_local_base_freq").value_or(config.sliding_rope.theta);
  RopeParameters& full = config.full_rope;
  full.theta = text.number("rope_theta").value_or(full.theta);
  const double partial = text.number("partial_rotary_factor").value_or(full.partial_rotary_factor);
  full.partial_rotary_factor = partial;
  if (const Json* scaling = text.object("rope_scaling")) {
    const Fields fields(*scaling, text.name("rope_scaling."), text.problems());
    read_rope_entry(fields, full);
    if (full.type == RopeType::kProportional && !fields.find("partial_rotary_factor"))
      full.partial_rotary_factor = partial;
  }
}

void read_rope(const Fields& text, Gemma4Config& config) {
  config.sliding_rope = {RopeType::kDefault, 10'000.0, 1.0, 1.0};
  config.full_rope = {RopeType::kProportional, 1'000'000.0, 0.25, 1.0};
  if (const Json* parameters = text.object("rope_parameters")) {
    read_rope_parameters(text, *parameters, config);
  } else {
    read_old_rope(text, config);
  }
}

void read_variants(const Fields& text, Gemma4Config& config) {
  const bool is_unified = config.model_type == "gemma4_unified_text";
  config.enable_moe_block = is_unified ? text.boolean("enable_moe_block").value_or(false)
                                       : text.required_boolean("enable_moe_block");
  if (config.enable_moe_block) {
    config.num_experts = text.required_integer("num_experts");
    config.top_k_experts = text.required_integer("top_k_experts");
    config.moe_intermediate_size = text.required_integer("moe_intermediate_size");
  }
  config.num_kv_shared_layers = is_unified ? text.integer("num_kv_shared_layers").value_or(0)
                                           : text.required_integer("num_kv_shared_layers");
  config.use_double_wide_mlp = config.num_kv_shared_layers > 0
                                   ? text.required_boolean("use_double_wide_mlp")
                                   : text.boolean("use_double_wide_mlp").value_or(false);
  config.hidden_size_per_layer_input = is_unified
                                           ? text.integer("hidden_size_per_layer_input").value_or(0)
                                           : text.required_integer("hidden_size_per_layer_input");
  if (config.has_per_layer_inputs())
    config.vocab_size_per_layer_input = text.required_integer("vocab_size_per_layer_input");
}

void read_token_ids(const Fields& top, const Fields& text, Gemma4Config& config) {
  config.pad_token_id = text.has_key("pad_token_id") ? text.integer("pad_token_id") : 0;
  config.bos_token_id = text.has_key("bos_token_id") ? text.integer("bos_token_id") : 2;
  const Fields& owner = top.find("eos_token_id") != nullptr ? top : text;
  if (const Json* eos = owner.find("eos_token_id"); eos != nullptr && eos->is_array()) {
    for (const Json& id : *eos) {
      if (!id.is_number_integer()) {
        owner.wrong_type("eos_token_id", *eos, "an integer or a list of integers");
        break;
      }
      config.eos_token_ids.push_back(id.get<int64_t>());
    }
  } else if (const std::optional<Dim> id = owner.integer("eos_token_id")) {
    config.eos_token_ids = {*id};
  } else if (!owner.has_key("eos_token_id")) {
    config.eos_token_ids = {1};
  }
}

// What must have one value because this program computes nothing else.
void refuse_unsupported(const Fields& fields) {
  ProblemList& problems = fields.problems();
  if (fields.find("quantization_config") != nullptr)
    problems.unsupported(fields.name("quantization_config"),
                         "quantized checkpoints are not supported; use the unquantized one");
  if (!fields.boolean("tie_word_embeddings").value_or(true))
    problems.unsupported(fields.name("tie_word_embeddings"),
                         "found false, supported is true (the head is the embedding table)");
  if (fields.boolean("attention_bias").value_or(false))
    problems.unsupported(fields.name("attention_bias"), "found true, supported is false");
  if (fields.number("attention_dropout").value_or(0.0) != 0.0)
    problems.unsupported(fields.name("attention_dropout"), "supported is 0");
  const std::string activation = fields.string("hidden_activation").value_or("gelu_pytorch_tanh");
  if (activation != "gelu_pytorch_tanh")
    problems.unsupported(fields.name("hidden_activation"), "found ", lapidary::quoted(activation),
                         ", supported is gelu_pytorch_tanh");
}

std::string read_dtype(const Fields& top, const Fields& text) {
  for (const Fields* fields : {&top, &text}) {
    for (const char* key : {"dtype", "torch_dtype"}) {
      const std::optional<std::string> name = fields->string(key);
      if (name && *name != "auto") return name->starts_with("torch.") ? name->substr(6) : *name;
    }
  }
  return "";
}

void read_text_config(const Fields& top, const Fields& text, Gemma4Config& config) {
  config.dtype = read_dtype(top, text);
  config.vocab_size = text.required_integer("vocab_size");
  config.hidden_size = text.required_integer("hidden_size");
  config.base_intermediate_size = text.required_integer("intermediate_size");
  config.num_hidden_layers = text.required_integer("num_hidden_layers");
  config.sliding_window = text.required_integer("sliding_window");
  config.max_position_embeddings = text.required_integer("max_position_embeddings");
  config.rms_norm_eps = text.number("rms_norm_eps").value_or(1e-6);
  config.initializer_range = text.number("initializer_range").value_or(0.02);
  config.final_logit_softcapping = text.number("final_logit_softcapping");
  if (!text.has_key("final_logit_softcapping"))
    text.problems().invalid(text.name("final_logit_softcapping"), "is missing (null: no cap)");
  config.use_bidirectional_attention =
      text.string("use_bidirectional_attention").value_or(std::string());
  read_layer_types(text, config);
  read_heads(text, config);
  read_rope(text, config);
  read_variants(text, config);
  read_token_ids(top, text, config);
  refuse_unsupported(text);
}

// The wrapper's own fields, which the text model does not use.
void check_wrapper(const Fields& top) {
  for (const char* key : {"vision_config", "audio_config"}) top.object(key);
  for (const char* key : {"boi_token_id", "eoi_token_id", "image_token_id", "video_token_id",
                          "boa_token_id", "eoa_token_id", "eoa_token_index", "audio_token_id"}) {
    top.integer(key);
  }
  refuse_unsupported(top);
}

}  // namespace

Gemma4Config Gemma4Config::from_json(const Json& json, const std::string& what) {
  if (!json.is_object())
    fail(ErrorKind::kInvalidArgument, what, ": expected an object, found ", json_type(json));
  ProblemList problems;
  const Fields top(json, "", problems);
  Gemma4Config config;
  top.require("model_type");
  const std::string model_type = top.string("model_type").value_or("");
  const bool is_wrapped = model_type == "gemma4" || model_type == "gemma4_unified";
  const Json* text_json = &json;
  if (is_wrapped) {
    config.layout = CheckpointLayout::kWrapped;
    check_wrapper(top);
    top.require("text_config");
    text_json = top.object("text_config");
    config.model_type = model_type + "_text";
  } else if (model_type == "gemma4_text" || model_type == "gemma4_unified_text") {
    config.model_type = model_type;
  } else if (!problems.has("model_type")) {
    problems.unsupported("model_type", "found ", lapidary::quoted(model_type),
                         ", supported are gemma4, gemma4_text, gemma4_unified and "
                         "gemma4_unified_text");
  }
  if (text_json == nullptr || problems.has("model_type")) problems.throw_if_any(what);

  ProblemList text_problems(is_wrapped ? "text_config." : "");
  const Fields text(*text_json, "", text_problems);
  const std::string inner_type = text.string("model_type").value_or(config.model_type);
  if (inner_type != config.model_type)
    text_problems.unsupported("model_type", "found ", lapidary::quoted(inner_type), " inside ",
                              model_type, ", supported is ", config.model_type);
  read_text_config(is_wrapped ? top : text, text, config);
  collect_problems(config, text_problems);
  problems.append(text_problems);
  problems.throw_if_any(what);
  config.source.json = std::make_shared<const Json>(json);
  return config;
}

Gemma4Config Gemma4Config::read(const std::string& folder) {
  const std::string path = folder + "/config.json";
  return from_json(read_json_file(path), path);
}

}  // namespace lapidary::model
