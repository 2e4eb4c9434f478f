// Accessors and validation. Reading is in config_reader.cc, writing in config_writer.cc.
#include "model/gemma4/config.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "model/gemma4/problem_list.h"

namespace lapidary::model {
namespace {

constexpr double kMaxParameters =
    1e15;  // far beyond any model; products of dims stay far below 2^63

void check_range(ProblemList& problems, const char* field, Dim value, Dim least, Dim most) {
  if (value < least || value > most)
    problems.invalid(field, "found ", value, ", allowed are ", least, " to ", most);
}

void check_sizes(const Gemma4Config& config, ProblemList& problems) {
  check_range(problems, "vocab_size", config.vocab_size, 1, Dim{1} << 28);
  check_range(problems, "hidden_size", config.hidden_size, 1, Dim{1} << 22);
  check_range(problems, "intermediate_size", config.base_intermediate_size, 1, Dim{1} << 24);
  check_range(problems, "num_hidden_layers", config.num_hidden_layers, 1, 4096);
  check_range(problems, "num_attention_heads", config.num_attention_heads, 1, Dim{1} << 14);
  check_range(problems, "head_dim", config.sliding_head_dim, 2, Dim{1} << 14);
  check_range(problems, "global_head_dim", config.full_head_dim, 2, Dim{1} << 14);
  check_range(problems, "num_key_value_heads", config.sliding_num_key_value_heads, 1, Dim{1} << 14);
  check_range(problems, "num_global_key_value_heads", config.full_num_key_value_heads, 1,
              Dim{1} << 14);
  check_range(problems, "sliding_window", config.sliding_window, 1, Dim{1} << 40);
  check_range(problems, "max_position_embeddings", config.max_position_embeddings, 1, Dim{1} << 40);
  check_range(problems, "hidden_size_per_layer_input", config.hidden_size_per_layer_input, 0,
              Dim{1} << 16);
  if (config.pad_token_id && !problems.has("vocab_size"))
    check_range(problems, "pad_token_id", *config.pad_token_id, 0, config.vocab_size - 1);
  if (!(config.rms_norm_eps > 0 && config.rms_norm_eps < 1))
    problems.invalid("rms_norm_eps", "found ", config.rms_norm_eps, ", allowed is 0 to 1");
  const double cap = config.final_logit_softcapping.value_or(1.0);
  if (!(cap > 0 && std::isfinite(cap)))
    problems.invalid("final_logit_softcapping", "found ", cap, ", allowed is null or above 0");
}

void check_heads(const Gemma4Config& config, ProblemList& problems) {
  const auto check = [&](const char* dim_field, Dim head_dim, const char* heads_field, Dim heads) {
    if (head_dim % 2 != 0)
      problems.invalid(dim_field, "found ", head_dim,
                       ", allowed are even numbers (RoPE turns pairs)");
    if (!problems.has("num_attention_heads") && !problems.has(heads_field) &&
        config.num_attention_heads % heads != 0) {
      problems.invalid(heads_field, "found ", heads, ", which does not divide num_attention_heads ",
                       config.num_attention_heads);
    }
  };
  check("head_dim", config.sliding_head_dim, "num_key_value_heads",
        config.sliding_num_key_value_heads);
  check("global_head_dim", config.full_head_dim, "num_global_key_value_heads",
        config.full_num_key_value_heads);
}

void check_layers(const Gemma4Config& config, ProblemList& problems) {
  if (problems.has("num_hidden_layers") || problems.has("layer_types")) return;
  if (static_cast<Dim>(config.layer_types.size()) != config.num_hidden_layers) {
    problems.invalid("layer_types", "has ", config.layer_types.size(),
                     " entries, num_hidden_layers is ", config.num_hidden_layers);
    return;
  }
  if (config.layer_types.back() != LayerType::kFull)
    problems.invalid("layer_types", "the last layer must be full_attention");
  const Dim shared = config.num_kv_shared_layers;
  if (shared < 0 || shared >= config.num_hidden_layers) {
    problems.invalid("num_kv_shared_layers", "found ", shared, ", allowed are 0 to ",
                     config.num_hidden_layers - 1, " (some layer must make K and V)");
    return;
  }
  for (Dim i = config.first_kv_shared_layer(); i < config.num_hidden_layers; ++i) {
    if (config.kv_donor(i) < 0) {
      problems.invalid("num_kv_shared_layers", "layer ", i, " (", to_string(config.layer_type(i)),
                       ") has no layer of its type among the first ",
                       config.first_kv_shared_layer(), " to take K and V from");
    }
  }
}

void check_rope(const RopeParameters& rope, const std::string& field, ProblemList& problems) {
  if (!(rope.theta > 0 && std::isfinite(rope.theta)))
    problems.invalid(field, "rope_theta: found ", rope.theta, ", allowed is above 0");
  if (!(rope.partial_rotary_factor >= 0 && rope.partial_rotary_factor <= 1))
    problems.invalid(field, "partial_rotary_factor: found ", rope.partial_rotary_factor,
                     ", allowed is 0 to 1");
  if (!(rope.factor > 0 && std::isfinite(rope.factor)))
    problems.invalid(field, "factor: found ", rope.factor, ", allowed is above 0");
}

void check_experts(const Gemma4Config& config, ProblemList& problems) {
  if (!config.enable_moe_block) return;
  check_range(problems, "num_experts", config.num_experts, 1, Dim{1} << 14);
  check_range(problems, "moe_intermediate_size", config.moe_intermediate_size, 1, Dim{1} << 22);
  if (!problems.has("num_experts"))
    check_range(problems, "top_k_experts", config.top_k_experts, 1, config.num_experts);
}

void check_combinations(const Gemma4Config& config, ProblemList& problems) {
  if (config.model_type == "gemma4_unified_text") {
    if (config.enable_moe_block)
      problems.unsupported("enable_moe_block", "gemma4_unified_text has no experts");
    if (config.has_per_layer_inputs())
      problems.unsupported("hidden_size_per_layer_input",
                           "gemma4_unified_text has no per-layer inputs");
  }
  // Every token id must have a row in both tables.
  if (config.has_per_layer_inputs() && !problems.has("vocab_size")) {
    check_range(problems, "vocab_size_per_layer_input", config.vocab_size_per_layer_input,
                config.vocab_size, Dim{1} << 28);
  }
  if (!config.use_bidirectional_attention.empty() && config.use_bidirectional_attention != "vision")
    problems.unsupported("use_bidirectional_attention", "found ",
                         lapidary::quoted(config.use_bidirectional_attention),
                         ", supported are null and \"vision\"");
  if (!config.dtype.empty() && config.dtype != "float32" && config.dtype != "bfloat16" &&
      config.dtype != "float16") {
    problems.unsupported("dtype", "found ", lapidary::quoted(config.dtype),
                         ", supported are float32, bfloat16, float16");
  }
}

void check_total_size(const Gemma4Config& config, ProblemList& problems) {
  const auto d = [](Dim value) { return static_cast<double>(value); };
  const double head_dim = d(std::max(config.sliding_head_dim, config.full_head_dim));
  double a_layer = 4.0 * d(config.num_attention_heads) * head_dim +
                   6.0 * d(config.base_intermediate_size) +
                   2.0 * d(config.hidden_size_per_layer_input);
  if (config.enable_moe_block)
    a_layer += d(config.num_experts) * (3.0 * d(config.moe_intermediate_size) + 1.0);
  const double tables = d(config.vocab_size) * d(config.hidden_size) +
                        d(config.vocab_size_per_layer_input) * d(config.num_hidden_layers) *
                            d(config.hidden_size_per_layer_input);
  const double total = tables + a_layer * d(config.hidden_size) * d(config.num_hidden_layers);
  if (total > kMaxParameters)
    problems.invalid("sizes", "together they come to ", total, " parameters, allowed are ",
                     kMaxParameters);
}

}  // namespace

std::string_view to_string(LayerType type) {
  return type == LayerType::kFull ? "full_attention" : "sliding_attention";
}

void collect_problems(const Gemma4Config& config, ProblemList& problems) {
  check_sizes(config, problems);
  check_heads(config, problems);
  check_layers(config, problems);
  check_rope(config.sliding_rope, "rope_parameters.sliding_attention", problems);
  check_rope(config.full_rope, "rope_parameters.full_attention", problems);
  check_experts(config, problems);
  check_combinations(config, problems);
  if (problems.empty()) check_total_size(config, problems);
}

void Gemma4Config::validate(const std::string& what) const {
  ProblemList problems;
  collect_problems(*this, problems);
  problems.throw_if_any(what);
}

Dim Gemma4Config::intermediate_size(Dim i) const {
  return use_double_wide_mlp && is_kv_shared(i) ? 2 * base_intermediate_size
                                                : base_intermediate_size;
}

Dim Gemma4Config::kv_donor(Dim i) const {
  if (!is_kv_shared(i)) return i;
  Dim donor = first_kv_shared_layer() - 1;
  while (donor >= 0 && layer_type(donor) != layer_type(i)) --donor;
  return donor;
}

bool Gemma4Config::is_kv_donor(Dim i) const {
  for (Dim borrower = first_kv_shared_layer(); borrower < num_hidden_layers; ++borrower) {
    if (kv_donor(borrower) == i && borrower != i) return true;
  }
  return false;
}

}  // namespace lapidary::model
