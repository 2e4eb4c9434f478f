// The head behind its product, row by row: soft cap, temperature, statistics, and the gradient.
//
// With x the capped logit (in fp32) and t the temperature:
// log p = (x - largest) / t - log_sum, entropy = -sum of p log p.
#pragma once

#include <cstdint>

#include "base/dim.h"
#include "kernels/api/dtype.h"

namespace lapidary::kernels {

struct HeadShape {
  Dim rows;
  Dim vocabulary;
  double softcap;  // 0: none
  double temperature;
};

// product [rows, vocabulary], before the cap; targets [rows] -> each [rows].
struct HeadStatistics {
  float* largest;  // of the capped logits
  float* log_sum;  // log of the sum of exp((x - largest) / t)
  float* log_prob;
  float* entropy;
};
void head_statistics(Dtype dtype, const void* product, const int64_t* targets,
                     const HeadStatistics& output, const HeadShape& shape);

struct HeadGradient {
  const void* product;  // [rows, vocabulary], before the cap
  const int64_t* targets;
  const float* largest;
  const float* log_sum;
  const float* entropy;
  const float* grad_log_prob;
  const float* grad_entropy;
  void* output;  // [rows, vocabulary] gradient of product, of its dtype
};
void head_gradient(Dtype dtype, const HeadGradient& arrays, const HeadShape& shape);

}  // namespace lapidary::kernels
