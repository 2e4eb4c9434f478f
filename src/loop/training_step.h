// One optimizer step of a schedule, and what its losses need of the samples.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "base/dim.h"
#include "loop/micro_batch.h"
#include "rl/loss/policy_loss.h"
#include "rl/loss/reduction.h"
#include "rl/packing/schedule.h"
#include "rl/record/sample.h"

namespace lapidary::loop {

struct TrainingStep {
  std::vector<std::vector<Dim>> micro_batches;  // indices into the samples
  std::vector<Dim> members;                     // of all of them
  Dim global_batch_size = 0;                    // rollouts that the loss is divided by
};

// Of the only rank, in the order in which they run.
std::vector<TrainingStep> steps_of(const rl::Schedule& schedule);

using SampleList = std::vector<float> rl::Sample::*;

// Whether one of the members has values in this list.
bool is_any_known(const std::vector<rl::Sample>& samples, const std::vector<Dim>& members,
                  SampleList list);

// Lists of the samples, gathered for one micro-batch after another. Samples and step must outlive
// it.
class LossInputs {
 public:
  LossInputs(const std::vector<rl::Sample>& samples, const TrainingStep& step,
             rl::Reduction reduction);

  // [selected] of the batch: what each token weighs, so that the step's sums are means.
  at::Tensor weights(const MicroBatch& batch) const;
  // The batch selects trained tokens. Lists that are not known stay undefined.
  rl::PolicyLossInput policy(const MicroBatch& batch, const ops::TokenLogProbs& found) const;

 private:
  const rl::Sample& sample(Dim member) const { return samples_[static_cast<size_t>(member)]; }
  at::Tensor gather(const MicroBatch& batch, SampleList list) const;
  at::Tensor gather_known(const MicroBatch& batch, SampleList list) const;

  const std::vector<rl::Sample>& samples_;
  rl::Reduction reduction_;
  rl::StepTotals totals_;
};

}  // namespace lapidary::loop
