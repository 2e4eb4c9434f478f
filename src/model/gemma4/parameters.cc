#include "model/gemma4/parameters.h"

#include <ATen/ops/empty.h>

#include <cstdlib>
#include <unordered_map>

#include "base/check.h"

namespace lapidary::model {

namespace {

// Where a checkpoint tensor lies. Names of one layer are below "layers.N."; entries with the same
// member are stacked in it, in the order of this table.
struct LayerEntry {
  std::string_view name;
  at::Tensor& (*member)(Gemma4LayerWeights&);
};
using W = Gemma4LayerWeights;
constexpr LayerEntry kLayerEntries[] = {
    {"input_layernorm.weight", [](W& w) -> at::Tensor& { return w.input_layernorm; }},
    {"post_attention_layernorm.weight",
     [](W& w) -> at::Tensor& { return w.post_attention_layernorm; }},
    {"pre_feedforward_layernorm.weight",
     [](W& w) -> at::Tensor& { return w.pre_feedforward_layernorm; }},
    {"post_feedforward_layernorm.weight",
     [](W& w) -> at::Tensor& { return w.post_feedforward_layernorm; }},
    {"self_attn.q_proj.weight", [](W& w) -> at::Tensor& { return w.qkv_proj; }},
    {"self_attn.k_proj.weight", [](W& w) -> at::Tensor& { return w.qkv_proj; }},
    {"self_attn.v_proj.weight", [](W& w) -> at::Tensor& { return w.qkv_proj; }},
    {"self_attn.q_norm.weight", [](W& w) -> at::Tensor& { return w.q_norm; }},
    {"self_attn.k_norm.weight", [](W& w) -> at::Tensor& { return w.k_norm; }},
    {"self_attn.o_proj.weight", [](W& w) -> at::Tensor& { return w.o_proj; }},
    {"mlp.gate_proj.weight", [](W& w) -> at::Tensor& { return w.gate_up_proj; }},
    {"mlp.up_proj.weight", [](W& w) -> at::Tensor& { return w.gate_up_proj; }},
    {"mlp.down_proj.weight", [](W& w) -> at::Tensor& { return w.down_proj; }},
    {"layer_scalar", [](W& w) -> at::Tensor& { return w.layer_scalar; }},
    {"router.proj.weight", [](W& w) -> at::Tensor& { return w.router.proj; }},
    {"router.scale", [](W& w) -> at::Tensor& { return w.router.scale; }},
    {"router.per_expert_scale", [](W& w) -> at::Tensor& { return w.router.per_expert_scale; }},
    {"experts.gate_up_proj", [](W& w) -> at::Tensor& { return w.experts_gate_up_proj; }},
    {"experts.down_proj", [](W& w) -> at::Tensor& { return w.experts_down_proj; }},
    {"post_feedforward_layernorm_1.weight",
     [](W& w) -> at::Tensor& { return w.post_feedforward_layernorm_1; }},
    {"pre_feedforward_layernorm_2.weight",
     [](W& w) -> at::Tensor& { return w.pre_feedforward_layernorm_2; }},
    {"post_feedforward_layernorm_2.weight",
     [](W& w) -> at::Tensor& { return w.post_feedforward_layernorm_2; }},
    {"per_layer_input_gate.weight", [](W& w) -> at::Tensor& { return w.per_layer_input_gate; }},
    {"per_layer_projection.weight", [](W& w) -> at::Tensor& { return w.per_layer_projection; }},
    {"post_per_layer_input_norm.weight",
     [](W& w) -> at::Tensor& { return w.post_per_layer_input_norm; }},
};

struct ModelEntry {
  std::string_view name;
  at::Tensor Gemma4Weights::*member;
};
constexpr ModelEntry kModelEntries[] = {
    {"embed_tokens.weight", &Gemma4Weights::embed_tokens},
    {"norm.weight", &Gemma4Weights::norm},
    {"embed_tokens_per_layer.weight", &Gemma4Weights::embed_tokens_per_layer},
    {"per_layer_model_projection.weight", &Gemma4Weights::per_layer_model_projection},
    {"per_layer_projection_norm.weight", &Gemma4Weights::per_layer_projection_norm},
};

// "layers.12.mlp.up_proj.weight" -> "mlp.up_proj.weight"
std::string_view below_layer(const ExpectedTensor& tensor) {
  const std::string_view name = tensor.name;
  return name.substr(name.find('.', name.find('.') + 1) + 1);
}

at::Tensor& place(Gemma4Weights& weights, const ExpectedTensor& tensor) {
  if (tensor.layer < 0) {
    for (const ModelEntry& entry : kModelEntries) {
      if (entry.name == tensor.name) return weights.*entry.member;
    }
  } else {
    for (const LayerEntry& entry : kLayerEntries) {
      if (entry.name == below_layer(tensor))
        return entry.member(weights.layers[static_cast<size_t>(tensor.layer)]);
    }
  }
  LAPIDARY_CHECK(false, "no weight for checkpoint tensor ", tensor.name);
  std::abort();
}

// One checkpoint tensor and where its rows start. Parts of one member follow one another in the
// order of expected_tensors(): q before k before v, gate before up.
struct Slot {
  const ExpectedTensor* expected;
  at::Tensor* member;
  Dim first_row;
};

Dim num_rows(const ExpectedTensor& tensor) {
  return tensor.shape[0];
}

std::vector<Slot> slots(const std::vector<ExpectedTensor>& expected, Gemma4Weights& weights) {
  std::vector<Slot> out;
  std::unordered_map<const at::Tensor*, Dim> filled;
  for (const ExpectedTensor& tensor : expected) {
    at::Tensor& member = place(weights, tensor);
    Dim& rows = filled[&member];
    out.push_back({&tensor, &member, rows});
    rows += num_rows(tensor);
  }
  return out;
}

}  // namespace

bool Parameter::is_fused() const {
  return num_rows != tensor.size(0);
}

at::Tensor Parameter::value() const {
  return tensor.detach().narrow(0, first_row, num_rows);
}

at::Tensor Parameter::gradient() const {
  const at::Tensor& all = tensor.grad();
  return all.defined() ? all.narrow(0, first_row, num_rows) : at::Tensor();
}

Gemma4Weights allocate_weights(const Gemma4Config& config, c10::ScalarType dtype,
                               c10::Device device) {
  Gemma4Weights weights;
  weights.layers.resize(static_cast<size_t>(config.num_hidden_layers));
  const std::vector<ExpectedTensor> expected = expected_tensors(config);
  std::unordered_map<at::Tensor*, std::vector<Dim>> shapes;
  for (const Slot& slot : slots(expected, weights)) {
    std::vector<Dim>& shape = shapes[slot.member];
    shape = slot.expected->shape;
    shape[0] += slot.first_row;
  }
  for (auto& [member, shape] : shapes)
    *member = at::empty(shape, at::TensorOptions().dtype(dtype).device(device));
  return weights;
}

std::vector<Parameter> list_parameters(const Gemma4Config& config, const Gemma4Weights& weights,
                                       const std::string& prefix) {
  Gemma4Weights shared = weights;
  const std::vector<ExpectedTensor> expected = expected_tensors(config);
  std::vector<Parameter> out;
  for (const Slot& slot : slots(expected, shared)) {
    out.push_back({.name = prefix + slot.expected->name,
                   .kind = slot.expected->kind,
                   .role = slot.expected->role,
                   .layer = slot.expected->layer,
                   .tensor = *slot.member,
                   .first_row = slot.first_row,
                   .num_rows = num_rows(*slot.expected)});
  }
  return out;
}

}  // namespace lapidary::model
