// All logits at once, then log_softmax and gather.
#include "ops/reference.h"

namespace lapidary::ops::reference {

at::Tensor head_logits(const at::Tensor& hidden, const at::Tensor& table, double softcap) {
  const at::Tensor logits = hidden.matmul(table.t()).to(at::kFloat);
  return softcap == 0.0 ? logits : logits.div(softcap).tanh().mul(softcap);
}

TokenLogProbs token_log_probs(const at::Tensor& hidden, const at::Tensor& table,
                              const at::Tensor& targets, const HeadOptions& options) {
  const at::Tensor logits = head_logits(hidden, table, options.softcap).div(options.temperature);
  const at::Tensor log_probs = logits.log_softmax(-1);
  return {log_probs.gather(-1, targets.unsqueeze(-1)).squeeze(-1),
          log_probs.exp().mul(log_probs).sum(-1).neg()};
}

}  // namespace lapidary::ops::reference
