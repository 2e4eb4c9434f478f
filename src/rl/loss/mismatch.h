// Weights that correct for an engine whose log-probs differ from the trainer's (other kernels,
// older weights): w = exp(trainer - engine), bounded in one way or another. No gradient flows
// through w.
//
// Worked example. Log-ratios {0.1, 1.0, -3.0}, bounds [0.5, 2]: w = {1.105, 2.718, 0.050};
//   kClamp gives {1.105, 2, 0.5}, kMask (IcePop) gives {1.105, 0, 0}.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace lapidary::rl {

enum class MismatchLevel {
  kToken,      // each token its own ratio
  kSequence,   // the product over the sample's tokens
  kGeometric,  // their geometric mean
};
enum class MismatchBound {
  kClamp,  // --use-tis: into [low, high]
  kMask,   // 0 outside [low, high]: IcePop at token level
};
struct MismatchOptions {
  MismatchLevel level = MismatchLevel::kToken;
  MismatchBound bound = MismatchBound::kClamp;
  double low = 0.0;   // --tis-clip-low
  double high = 2.0;  // --tis-clip
  // A sample with a token whose ratio is below this is left out altogether; 0: none is.
  double veto = 0.0;
};

// Which sample each token belongs to, and sums over a sample's tokens.
struct SampleIndex {
  at::Tensor sample_of_token;  // [tokens] int64, in [0, num_samples)
  int64_t num_samples = 0;
  // Adds up [num_samples] over ranks that hold parts of the same samples; differentiable. Empty:
  // this rank holds all of them.
  std::function<at::Tensor(const at::Tensor&)> sum_over_ranks;
};
// [tokens] -> [num_samples] over unmasked tokens; then over ranks.
at::Tensor sample_sums(const at::Tensor& values, const at::Tensor& mask, const SampleIndex& index);
// [num_samples] mean over unmasked tokens (at least 1 in the divisor), spread to [tokens].
at::Tensor spread_sample_means(const at::Tensor& values, const at::Tensor& mask,
                               const SampleIndex& index);

struct MismatchWeights {
  at::Tensor ratio;   // [tokens] w
  at::Tensor weight;  // [tokens] w bounded
};
// log_ratio = trainer - engine, [tokens] fp32; mask [tokens] bool.
MismatchWeights mismatch_weights(const at::Tensor& log_ratio, const at::Tensor& mask,
                                 const SampleIndex& index, const MismatchOptions& options);

}  // namespace lapidary::rl
