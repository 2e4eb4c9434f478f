// The values that another implementation computed: expected.safetensors with expected.json, and
// optimizer.safetensors with optimizer.json where they lie beside it.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/dim.h"
#include "train/optimizer.h"

namespace lapidary::cli {

struct OptimizerDump {
  train::AdamWOptions options;
  double max_grad_norm = 1.0;
  at::Tensor losses;                             // [steps + 1] before each step and after the last
  at::Tensor grad_norms;                         // [steps] before clipping
  std::map<std::string, at::Tensor> parameters;  // leading corners, by checkpoint name
};

class ParityDump {
 public:
  // Throws Error{kNotFound, kCorrupt} for a file that cannot be read or has no sequences.
  static ParityDump read(const std::string& path);

  size_t num_sequences() const { return sequences_.size(); }
  const at::Tensor& input_ids(size_t i) const { return sequences_[i]; }  // [tokens] int64
  std::optional<size_t> traced_sequence() const { return traced_; }

  // The tensor of that name, marked as used; undefined when the dump has none.
  at::Tensor take(const std::string& name);
  // Names that start with `prefix`, which is left out.
  std::vector<std::string> names_below(const std::string& prefix) const;
  // Tensors that nobody took.
  std::vector<std::string> unused() const;

  std::optional<double> grad_norm(const std::string& parameter) const;
  std::vector<std::string> grad_norm_names() const;
  std::optional<double> bf16_figure(const std::string& name) const;  // expected.json, "bf16"
  const std::optional<OptimizerDump>& optimizer() const { return optimizer_; }

 private:
  std::map<std::string, at::Tensor> tensors_;
  std::map<std::string, bool> used_;
  std::vector<at::Tensor> sequences_;
  std::optional<size_t> traced_;
  std::map<std::string, double> grad_norms_;
  std::map<std::string, double> bf16_;
  std::optional<OptimizerDump> optimizer_;
};

}  // namespace lapidary::cli
