#include "loop/training_step.h"

#include <ATen/ops/ones_like.h>

#include <span>

namespace lapidary::loop {

std::vector<TrainingStep> steps_of(const rl::Schedule& schedule) {
  const auto at_index = [](const auto& list, Dim i) { return list[static_cast<size_t>(i)]; };
  std::vector<TrainingStep> steps;
  size_t next = 0;
  for (size_t s = 0; s < schedule.num_micro_batches.size(); ++s) {
    TrainingStep& step = steps.emplace_back();
    step.global_batch_size = schedule.global_batch_sizes[s];
    for (Dim k = 0; k < schedule.num_micro_batches[s]; ++k) {
      std::vector<Dim>& members = step.micro_batches.emplace_back();
      for (const Dim position : schedule.micro_batches[0][next])
        members.push_back(at_index(schedule.partitions[0], position));
      step.members.insert(step.members.end(), members.begin(), members.end());
      ++next;
    }
  }
  return steps;
}

bool is_any_known(const std::vector<rl::Sample>& samples, const std::vector<Dim>& members,
                  SampleList list) {
  for (const Dim member : members) {
    if (!(samples[static_cast<size_t>(member)].*list).empty()) return true;
  }
  return false;
}

LossInputs::LossInputs(const std::vector<rl::Sample>& samples, const TrainingStep& step,
                       rl::Reduction reduction)
    : samples_(samples), reduction_(reduction) {
  std::vector<std::span<const int64_t>> masks;
  std::vector<Dim> rollout_ids;
  for (const Dim member : step.members) {
    masks.emplace_back(sample(member).loss_mask);
    rollout_ids.push_back(sample(member).rollout_id);
  }
  totals_ = rl::step_totals(masks, rollout_ids, step.global_batch_size);
}

at::Tensor LossInputs::gather(const MicroBatch& batch, SampleList list) const {
  std::vector<const std::vector<float>*> lists;
  for (const Dim member : batch.members()) lists.push_back(&(sample(member).*list));
  return batch.gather(lists);
}

at::Tensor LossInputs::gather_known(const MicroBatch& batch, SampleList list) const {
  return is_any_known(samples_, batch.members(), list) ? gather(batch, list) : at::Tensor();
}

at::Tensor LossInputs::weights(const MicroBatch& batch) const {
  std::vector<std::vector<float>> weights;
  for (const Dim member : batch.members()) {
    weights.push_back(rl::token_weights(sample(member).loss_mask, sample(member).rollout_id,
                                        totals_, reduction_));
  }
  std::vector<const std::vector<float>*> lists;
  for (const std::vector<float>& list : weights) lists.push_back(&list);
  return batch.gather(lists);
}

rl::PolicyLossInput LossInputs::policy(const MicroBatch& batch,
                                       const ops::TokenLogProbs& found) const {
  rl::PolicyLossInput input;
  input.log_probs = found.log_prob;
  input.entropy = found.entropy;
  input.advantages = gather(batch, &rl::Sample::advantages);
  input.old_log_probs = gather_known(batch, &rl::Sample::old_log_probs);
  input.rollout_log_probs = gather_known(batch, &rl::Sample::rollout_log_probs);
  input.ref_log_probs = gather_known(batch, &rl::Sample::ref_log_probs);
  input.mask = at::ones_like(found.log_prob, at::kBool);
  input.weights = weights(batch);
  input.index = {.sample_of_token = batch.sample_of_token(),
                 .num_samples = static_cast<int64_t>(batch.members().size()),
                 .sum_over_ranks = {}};
  return input;
}

}  // namespace lapidary::loop
