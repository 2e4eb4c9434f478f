// Some samples packed one after another, as one forward pass sees them.
//
// Worked example. Samples {2, 7 | 40, 50, 60} with mask {1, 0, 1} and {3 | 8} with mask {1}:
// tokens {2, 7, 40, 50, 60, 3, 8}, starts {0, 5, 7}; trained tokens are 40, 60 and 8, read at rows
// 1, 3 and 5; counts {2, 1}.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "base/dim.h"
#include "model/attention_context.h"
#include "model/gemma4/model.h"
#include "ops/log_prob.h"
#include "rl/record/sample.h"

namespace lapidary::loop {

// The tokens whose log-probs are computed.
enum class Selection {
  kTrained,   // response tokens of mask 1
  kResponse,  // all response tokens
};

struct HeadSettings {
  double temperature = 1.0;
  Dim chunk_tokens = 0;  // 0: chosen by memory
};

class MicroBatch {
 public:
  // `samples` must outlive the micro-batch, which reads them at members[i].
  MicroBatch(std::span<const rl::Sample> samples, std::vector<Dim> members, Selection selection,
             c10::Device device);

  const std::vector<Dim>& members() const { return members_; }
  Dim num_tokens() const { return num_tokens_; }      // of all sequences
  Dim num_selected() const { return num_selected_; }  // may be 0

  // [selected] fp32 on the model's device; differentiable when the weights are. At least one token
  // must be selected. The micro-batch must live until backward has run.
  ops::TokenLogProbs log_probs(const model::Gemma4Model& model, const HeadSettings& head,
                               model::Recompute recompute);

  // [selected]: values[i], [response] of member i, at the selected tokens; fp32 on the device.
  at::Tensor gather(std::span<const std::vector<float>* const> values) const;
  // [selected] int64: 0 for tokens of the first member, 1 for the second, ...
  at::Tensor sample_of_token() const;
  // The reverse of gather: [response] of member i; 0 at tokens that are not selected.
  std::vector<std::vector<float>> scatter(const at::Tensor& selected) const;

 private:
  std::vector<Dim> members_;
  std::vector<Dim> response_lengths_;       // [members]
  std::vector<std::vector<Dim>> selected_;  // [members] positions in the response
  at::Tensor ids_;                          // [tokens]
  at::Tensor rows_;                         // [selected]
  at::Tensor targets_;                      // [selected]
  Dim num_tokens_ = 0;
  Dim num_selected_ = 0;
  c10::Device device_;
  model::PackedContext context_;
};

}  // namespace lapidary::loop
