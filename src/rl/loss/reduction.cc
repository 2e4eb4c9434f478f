#include "rl/loss/reduction.h"

#include <algorithm>

#include "base/check.h"

namespace lapidary::rl {

namespace {

double unmasked(std::span<const int64_t> mask) {
  return static_cast<double>(
      std::count_if(mask.begin(), mask.end(), [](int64_t m) { return m != 0; }));
}

}  // namespace

StepTotals step_totals(std::span<const std::span<const int64_t>> loss_masks,
                       std::span<const Dim> rollout_ids, Dim global_batch_size) {
  LAPIDARY_CHECK(loss_masks.size() == rollout_ids.size(), loss_masks.size(), " masks, ",
                 rollout_ids.size(), " rollout ids");
  LAPIDARY_CHECK(global_batch_size > 0, "global batch size ", global_batch_size);
  StepTotals totals;
  totals.global_batch_size = global_batch_size;
  for (size_t i = 0; i < loss_masks.size(); ++i) {
    const double tokens = unmasked(loss_masks[i]);
    totals.rollout_tokens[rollout_ids[i]] += tokens;
    totals.tokens += std::max(tokens, 1.0);
  }
  return totals;
}

double step_divisor(const StepTotals& totals, Reduction reduction) {
  return reduction == Reduction::kPerToken ? std::max(totals.tokens, 1.0)
                                           : static_cast<double>(totals.global_batch_size);
}

std::vector<float> token_weights(std::span<const int64_t> loss_mask, Dim rollout_id,
                                 const StepTotals& totals, Reduction reduction) {
  double divisor = step_divisor(totals, reduction);
  if (reduction == Reduction::kPerRollout) {
    const auto found = totals.rollout_tokens.find(rollout_id);
    LAPIDARY_CHECK(found != totals.rollout_tokens.end(), "rollout ", rollout_id,
                   " is not in the step's totals");
    divisor *= std::max(found->second, 1.0);
  }
  std::vector<float> weights;
  weights.reserve(loss_mask.size());
  for (const int64_t mask : loss_mask) {
    weights.push_back(mask != 0 ? static_cast<float>(1.0 / divisor) : 0.0F);
  }
  return weights;
}

}  // namespace lapidary::rl
