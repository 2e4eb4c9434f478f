#include "rl/loss/mismatch.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

#include "base/check.h"
#include "rl/loss/masked.h"

namespace lapidary::rl {

at::Tensor sample_sums(const at::Tensor& values, const at::Tensor& mask, const SampleIndex& index) {
  const at::Tensor sums = values.new_zeros({index.num_samples})
                              .index_add(0, index.sample_of_token, keep_where(mask, values));
  return index.sum_over_ranks ? index.sum_over_ranks(sums) : sums;
}

at::Tensor spread_sample_means(const at::Tensor& values, const at::Tensor& mask,
                               const SampleIndex& index) {
  const at::Tensor counts = sample_sums(mask.to(values.scalar_type()), mask, index).clamp_min(1);
  return (sample_sums(values, mask, index) / counts).index_select(0, index.sample_of_token);
}

MismatchWeights mismatch_weights(const at::Tensor& log_ratio, const at::Tensor& mask,
                                 const SampleIndex& index, const MismatchOptions& options) {
  LAPIDARY_CHECK(options.low <= options.high, "bounds [", options.low, ", ", options.high, "]");
  const at::NoGradGuard no_grad;
  MismatchWeights out;
  switch (options.level) {
    case MismatchLevel::kToken:
      out.ratio = log_ratio.exp();
      break;
    case MismatchLevel::kSequence:
      out.ratio = sample_sums(log_ratio, mask, index).exp().index_select(0, index.sample_of_token);
      break;
    case MismatchLevel::kGeometric:
      out.ratio = spread_sample_means(log_ratio, mask, index).exp();
      break;
  }
  out.weight = out.ratio.clamp(options.low, options.high);
  if (options.bound == MismatchBound::kMask) {
    out.weight = at::where(out.weight.eq(out.ratio), out.ratio, at::zeros_like(out.ratio));
  }
  if (options.veto > 0) {
    const at::Tensor is_vetoed = log_ratio.lt(std::log(options.veto)).to(log_ratio.scalar_type());
    const at::Tensor vetoed =
        sample_sums(is_vetoed, mask, index).index_select(0, index.sample_of_token).gt(0);
    out.weight = at::where(vetoed, at::zeros_like(out.weight), out.weight);
  }
  return out;
}

}  // namespace lapidary::rl
