// A training step over the samples of an oracle case: leaves of the graph, micro-batches, sums.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "base/dim.h"
#include "base/json.h"
#include "rl/loss/policy_loss.h"
#include "rl/loss/reduction.h"

namespace lapidary::check {

// Response tokens of one sample that a rank holds.
struct Part {
  size_t sample = 0;
  std::vector<Dim> tokens;
};

class LossStep {
 public:
  LossStep(const JsonObject& flags, const Json& samples, Dim global_batch_size);

  size_t num_samples() const { return samples_.size(); }
  Part whole(size_t sample) const;
  // The loss of the parts as one micro-batch, its metrics added to metrics().
  at::Tensor micro_batch(const std::vector<Part>& parts);
  // The losses of ranks that hold parts of the same micro-batch.
  std::vector<at::Tensor> ranks(const std::vector<std::vector<Part>>& parts);

  const std::map<std::string, double>& metrics() const { return metrics_; }
  // Gradients after backward of the losses, [samples][response].
  Json grad_log_probs() const;
  Json grad_entropy() const;
  at::Tensor grad_log_probs(size_t sample) const;
  at::Tensor grad_entropy(size_t sample) const;

 private:
  struct SampleTensors {
    at::Tensor log_probs;  // leaf
    at::Tensor entropy;    // leaf
    at::Tensor advantages;
    at::Tensor old_log_probs;      // or undefined
    at::Tensor rollout_log_probs;  // or undefined
    at::Tensor ref_log_probs;      // or undefined
    at::Tensor mask;
    at::Tensor weights;
    at::Tensor opsm_weights;
  };
  rl::PolicyLossInput input(const std::vector<Part>& parts) const;
  rl::PolicyLoss loss(const rl::PolicyLossInput& input);

  rl::PolicyLossOptions options_;
  std::vector<SampleTensors> samples_;
  std::map<std::string, double> metrics_;
};

}  // namespace lapidary::check
