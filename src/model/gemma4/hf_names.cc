#include "model/gemma4/hf_names.h"

#include <unordered_map>
#include <unordered_set>

#include "base/check.h"

namespace lapidary::model {
namespace {

using checkpoint::StoredDtype;
using checkpoint::TensorInfo;

constexpr std::string_view kTextOnlyPrefix = "model.";
constexpr std::string_view kWrappedPrefix = "model.language_model.";
constexpr std::string_view kHeadName = "lm_head.weight";
constexpr size_t kMaxShownProblems = 40;

// Collects the tensors of one layer: names are given below the layer.
class LayerTable {
 public:
  LayerTable(Dim layer, std::vector<ExpectedTensor>& out)
      : layer_(layer), prefix_(cat("layers.", layer, ".")), out_(out) {}

  void add(const char* name, std::vector<Dim> shape, TensorRole role,
           TensorKind kind = TensorKind::kTrainable) {
    out_.push_back({prefix_ + name, std::move(shape), kind, role, layer_});
  }

 private:
  Dim layer_;
  std::string prefix_;
  std::vector<ExpectedTensor>& out_;
};

void add_attention(const Gemma4Config& config, Dim i, LayerTable& table) {
  const Dim hidden = config.hidden_size;
  const Dim head_dim = config.head_dim(i);
  const Dim query = config.num_attention_heads * head_dim;
  const Dim key_value = config.num_key_value_heads(i) * head_dim;
  table.add("self_attn.q_proj.weight", {query, hidden}, TensorRole::kQuery);
  table.add("self_attn.q_norm.weight", {head_dim}, TensorRole::kQueryNorm);
  if (!config.is_kv_shared(i)) {
    table.add("self_attn.k_norm.weight", {head_dim}, TensorRole::kKeyNorm);
    table.add("self_attn.k_proj.weight", {key_value, hidden}, TensorRole::kKey);
  }
  if (config.has_v_proj(i))
    table.add("self_attn.v_proj.weight", {key_value, hidden}, TensorRole::kValue);
  table.add("self_attn.o_proj.weight", {hidden, query}, TensorRole::kOutput);
}

void add_experts(const Gemma4Config& config, LayerTable& table) {
  const Dim hidden = config.hidden_size;
  const Dim experts = config.num_experts;
  const Dim intermediate = config.moe_intermediate_size;
  table.add("router.scale", {hidden}, TensorRole::kRouterScale);
  table.add("router.per_expert_scale", {experts}, TensorRole::kPerExpertScale);
  table.add("router.proj.weight", {experts, hidden}, TensorRole::kRouter);
  table.add("experts.gate_up_proj", {experts, 2 * intermediate, hidden}, TensorRole::kExpertGateUp);
  table.add("experts.down_proj", {experts, hidden, intermediate}, TensorRole::kExpertDown);
  table.add("post_feedforward_layernorm_1.weight", {hidden}, TensorRole::kNorm);
  table.add("post_feedforward_layernorm_2.weight", {hidden}, TensorRole::kNorm);
  table.add("pre_feedforward_layernorm_2.weight", {hidden}, TensorRole::kNorm);
}

void add_layer(const Gemma4Config& config, Dim i, LayerTable table) {
  const Dim hidden = config.hidden_size;
  const Dim intermediate = config.intermediate_size(i);
  table.add("layer_scalar", {1}, TensorRole::kLayerScalar, TensorKind::kBuffer);
  add_attention(config, i, table);
  table.add("mlp.gate_proj.weight", {intermediate, hidden}, TensorRole::kGate);
  table.add("mlp.up_proj.weight", {intermediate, hidden}, TensorRole::kUp);
  table.add("mlp.down_proj.weight", {hidden, intermediate}, TensorRole::kDown);
  table.add("input_layernorm.weight", {hidden}, TensorRole::kNorm);
  table.add("post_attention_layernorm.weight", {hidden}, TensorRole::kNorm);
  table.add("pre_feedforward_layernorm.weight", {hidden}, TensorRole::kNorm);
  table.add("post_feedforward_layernorm.weight", {hidden}, TensorRole::kNorm);
  if (config.has_per_layer_inputs()) {
    const Dim width = config.hidden_size_per_layer_input;
    table.add("per_layer_input_gate.weight", {width, hidden}, TensorRole::kPerLayerGate);
    table.add("per_layer_projection.weight", {hidden, width}, TensorRole::kPerLayerProjection);
    table.add("post_per_layer_input_norm.weight", {hidden}, TensorRole::kNorm);
  }
  if (config.has_experts()) add_experts(config, table);
}

// The K/V tensors that published files hold for KV-shared layers and that nothing reads.
std::unordered_set<std::string> unused_kv_tensors(const Gemma4Config& config) {
  std::unordered_set<std::string> out;
  for (Dim i = config.first_kv_shared_layer(); i < config.num_hidden_layers; ++i) {
    const std::string prefix = cat("layers.", i, ".self_attn.");
    for (const char* name : {"k_proj.weight", "v_proj.weight", "k_norm.weight"})
      out.insert(prefix + name);
  }
  return out;
}

bool is_weight_dtype(StoredDtype dtype) {
  return dtype == StoredDtype::kF32 || dtype == StoredDtype::kBF16 || dtype == StoredDtype::kF16;
}

void check_tensor(const TensorInfo& found, const std::vector<Dim>& shape,
                  std::vector<std::string>& problems) {
  if (found.shape != shape) {
    problems.push_back(cat("mis-shaped tensor ", found.name, ": found ", shape_text(found.shape),
                           ", the config asks for ", shape_text(shape)));
  }
  if (!is_weight_dtype(found.dtype)) {
    problems.push_back(cat("tensor ", found.name, ": found dtype ", to_string(found.dtype),
                           ", allowed are F32, BF16 and F16"));
  }
}

std::string_view detect_prefix(std::span<const TensorInfo> tensors, CheckpointLayout layout) {
  bool has_wrapped = false;
  bool has_text_only = false;
  for (const TensorInfo& tensor : tensors) {
    const std::string_view name = tensor.name;
    has_wrapped = has_wrapped || name.starts_with(kWrappedPrefix);
    has_text_only = has_text_only || name == "model.embed_tokens.weight" ||
                    name.starts_with("model.layers.") || name == "model.norm.weight";
  }
  if (has_wrapped != has_text_only) return has_wrapped ? kWrappedPrefix : kTextOnlyPrefix;
  return text_prefix(layout);
}

// Vision and audio towers and their embedders.
bool is_pass_through(std::string_view name) {
  for (const std::string_view part :
       {"model.vision_tower.", "model.audio_tower.", "model.embed_vision.", "model.embed_audio."}) {
    if (name.starts_with(part)) return true;
  }
  return false;
}

}  // namespace

Dim ExpectedTensor::num_elements() const {
  Dim out = 1;
  for (const Dim dim : shape) out *= dim;
  return out;
}

std::vector<ExpectedTensor> expected_tensors(const Gemma4Config& config) {
  std::vector<ExpectedTensor> out;
  const Dim hidden = config.hidden_size;
  const auto add = [&](const char* name, std::vector<Dim> shape, TensorRole role) {
    out.push_back({name, std::move(shape), TensorKind::kTrainable, role, -1});
  };
  add("embed_tokens.weight", {config.vocab_size, hidden}, TensorRole::kEmbedding);
  for (Dim i = 0; i < config.num_hidden_layers; ++i) add_layer(config, i, LayerTable(i, out));
  add("norm.weight", {hidden}, TensorRole::kNorm);
  if (config.has_per_layer_inputs()) {
    const Dim width = config.hidden_size_per_layer_input;
    const Dim all_layers = config.num_hidden_layers * width;
    add("embed_tokens_per_layer.weight", {config.vocab_size_per_layer_input, all_layers},
        TensorRole::kPerLayerEmbedding);
    add("per_layer_model_projection.weight", {all_layers, hidden},
        TensorRole::kPerLayerModelProjection);
    add("per_layer_projection_norm.weight", {width}, TensorRole::kPerLayerProjectionNorm);
  }
  return out;
}

std::string_view text_prefix(CheckpointLayout layout) {
  return layout == CheckpointLayout::kWrapped ? kWrappedPrefix : kTextOnlyPrefix;
}

TensorMatch match_tensors(const Gemma4Config& config, std::span<const TensorInfo> tensors) {
  TensorMatch match;
  match.prefix = detect_prefix(tensors, config.layout);
  const std::vector<ExpectedTensor> expected = expected_tensors(config);
  std::unordered_map<std::string_view, const ExpectedTensor*> missing;
  for (const ExpectedTensor& tensor : expected) missing.emplace(tensor.name, &tensor);
  const auto unused_kv = unused_kv_tensors(config);

  std::vector<std::string> unexpected;
  for (const TensorInfo& tensor : tensors) {
    const std::string_view name = tensor.name;
    const std::string below(name.starts_with(match.prefix) ? name.substr(match.prefix.size()) : "");
    const auto found = missing.find(below);
    if (found != missing.end()) {
      check_tensor(tensor, found->second->shape, match.problems);
      missing.erase(found);
    } else if (unused_kv.contains(below)) {
      match.unused_kv.push_back(tensor.name);
    } else if (name == kHeadName) {
      match.has_tied_head = true;
      check_tensor(tensor, {config.vocab_size, config.hidden_size}, match.problems);
    } else if (is_pass_through(name)) {
      match.pass_through.push_back(tensor.name);
    } else {
      unexpected.push_back(cat("unexpected tensor ", tensor.name, " ", shape_text(tensor.shape)));
    }
  }
  for (const ExpectedTensor& tensor : expected) {
    if (missing.contains(tensor.name))
      match.problems.push_back(
          cat("missing tensor ", match.prefix, tensor.name, " ", shape_text(tensor.shape)));
  }
  match.problems.insert(match.problems.end(), unexpected.begin(), unexpected.end());
  return match;
}

TensorMatch require_tensors(const Gemma4Config& config, std::span<const TensorInfo> tensors,
                            const std::string& what) {
  TensorMatch match = match_tensors(config, tensors);
  if (!match.problems.empty()) {
    fail(ErrorKind::kCorrupt, what, ": the tensors are not those of its config.json (",
         match.problems.size(), match.problems.size() == 1 ? " problem" : " problems", "):\n  ",
         join(match.problems, "\n  ", kMaxShownProblems));
  }
  return match;
}

ParameterCounts count_parameters(const Gemma4Config& config) {
  ParameterCounts out;
  Dim inactive = 0;
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    if (tensor.kind == TensorKind::kBuffer) continue;
    const Dim elements = tensor.num_elements();
    out.total += elements;
    if (tensor.role == TensorRole::kEmbedding || tensor.role == TensorRole::kPerLayerEmbedding)
      out.embedding += elements;
    if (tensor.role == TensorRole::kExpertGateUp || tensor.role == TensorRole::kExpertDown)
      inactive += elements / config.num_experts * (config.num_experts - config.top_k_experts);
  }
  out.active = out.total - inactive;
  return out;
}

}  // namespace lapidary::model
