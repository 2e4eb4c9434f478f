// Which checkpoint tensor is which part of the weights: the bridge between the names of hf_names.h
// and the fused tensors of weights.h.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "model/gemma4/config.h"
#include "model/gemma4/hf_names.h"
#include "model/gemma4/weights.h"

namespace lapidary::model {

// One tensor of the checkpoint, as `num_rows` rows of the tensor that the model computes with. For
// example "model.layers.0.self_attn.k_proj.weight" is rows [heads * head_dim, (heads + kv_heads) *
// head_dim) of layer 0's qkv_proj; most tensors are all rows of their own.
struct Parameter {
  std::string name;  // as in the checkpoint, prefix included
  TensorKind kind;   // buffers never get a gradient
  TensorRole role;
  Dim layer;          // -1: not in a layer
  at::Tensor tensor;  // what the model computes with, and the autograd leaf; shared with the model
  Dim first_row;
  Dim num_rows;

  bool is_trainable() const { return kind == TensorKind::kTrainable; }
  bool is_fused() const;     // there are other rows in `tensor`
  at::Tensor value() const;  // the rows, in the checkpoint's shape; writes go through; no gradient
  at::Tensor gradient() const;  // the rows of tensor.grad(); undefined when there is none
};

// Uninitialised weights of the config's sizes.
Gemma4Weights allocate_weights(const Gemma4Config& config, c10::ScalarType dtype,
                               c10::Device device);

// In the order of expected_tensors(). The weights are shared, not copied.
std::vector<Parameter> list_parameters(const Gemma4Config& config, const Gemma4Weights& weights,
                                       const std::string& prefix);

}  // namespace lapidary::model
