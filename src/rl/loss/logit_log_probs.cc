#include "rl/loss/logit_log_probs.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <limits>

#include "base/check.h"

namespace lapidary::rl {

namespace {

// [rows, vocabulary] bool: true where a row's distribution has support. A row that keeps nothing
// keeps its target alone.
at::Tensor support_mask(const at::Tensor& logits, const at::Tensor& targets, const KeptIds& kept) {
  const int64_t rows = logits.size(0);
  LAPIDARY_CHECK(static_cast<int64_t>(kept.offsets.size()) == rows + 1, kept.offsets.size(),
                 " offsets for ", rows, " rows");
  at::Tensor mask = at::zeros({rows, logits.size(1)}, at::TensorOptions().dtype(at::kBool));
  auto cells = mask.accessor<bool, 2>();
  for (int64_t row = 0; row < rows; ++row) {
    const auto begin = static_cast<size_t>(kept.offsets[static_cast<size_t>(row)]);
    const auto end = static_cast<size_t>(kept.offsets[static_cast<size_t>(row) + 1]);
    LAPIDARY_CHECK(begin <= end && end <= kept.ids.size(), "row ", row, " keeps ids ", begin,
                   " to ", end, " of ", kept.ids.size());
    for (const int64_t id : kept.ids.subspan(begin, end - begin)) {
      LAPIDARY_CHECK(id >= 0 && id < logits.size(1), "row ", row, " keeps id ", id,
                     " of a vocabulary of ", logits.size(1));
      cells[row][id] = true;
    }
  }
  return mask.to(logits.device())
      .scatter(1, targets.unsqueeze(1),
               at::full({rows, 1}, true, at::TensorOptions().dtype(at::kBool)).to(logits.device()));
}

}  // namespace

LogitLogProbs logit_log_probs(const at::Tensor& logits, const at::Tensor& targets,
                              const LogitOptions& options, const KeptIds* kept) {
  LAPIDARY_CHECK(logits.dim() == 2 && targets.dim() == 1 && targets.size(0) == logits.size(0),
                 "logits ", shape_text({logits.sizes().begin(), logits.sizes().end()}),
                 " and targets ", shape_text({targets.sizes().begin(), targets.sizes().end()}));
  at::Tensor scaled = logits.to(at::kFloat);
  if (options.softcap > 0) {
    scaled = (scaled / options.softcap).tanh() * options.softcap;
  }
  if (options.temperature != 1.0) {
    scaled = scaled / options.temperature;
  }
  LogitLogProbs out;
  const at::Tensor log_probs = scaled.log_softmax(-1);
  out.entropy = -(log_probs.exp() * log_probs).sum(-1);
  at::Tensor normalised = log_probs;
  if (kept != nullptr) {
    const at::Tensor outside = at::full_like(scaled, -std::numeric_limits<float>::infinity());
    normalised = at::where(support_mask(scaled, targets, *kept), scaled, outside).log_softmax(-1);
  }
  out.log_prob = normalised.gather(1, targets.unsqueeze(1)).squeeze(1);
  return out;
}

}  // namespace lapidary::rl
