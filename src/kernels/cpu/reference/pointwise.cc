#include <cmath>

#include "kernels/api/geglu.h"
#include "kernels/api/log_prob.h"
#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/simd/bfloat16.h"

namespace lapidary::kernels::reference {
namespace {

constexpr double kRootTwoOverPi = 0.79788456080286535588;

}  // namespace

void geglu(Dtype dtype, const GegluArrays& arrays, Dim rows, Dim dim) {
  with_type(dtype, [&]<typename T>() {
    for (Dim r = 0; r < rows; ++r) {
      for (Dim i = 0; i < dim; ++i) {
        const double x = to_float(static_cast<const T*>(arrays.gate)[r * arrays.gate_stride + i]);
        const float up = to_float(static_cast<const T*>(arrays.up)[r * arrays.up_stride + i]);
        const double u = kRootTwoOverPi * (x + 0.044715 * x * x * x);
        const auto gelu = static_cast<float>(0.5 * x * (1 + std::tanh(u)));
        assign(static_cast<T*>(arrays.output)[r * dim + i], rounded_to<T>(gelu) * up);
      }
    }
  });
}

void softcap(float* logits, Dim count, float cap) {
  for (Dim i = 0; i < count; ++i) {
    logits[i] =
        static_cast<float>(static_cast<double>(cap) *
                           std::tanh(static_cast<double>(logits[i]) / static_cast<double>(cap)));
  }
}

void log_probs(const float* logits, const int64_t* targets, Dim rows, Dim vocabulary,
               double temperature, RowLogProb* output) {
  for (Dim r = 0; r < rows; ++r) {
    const float* row = logits + r * vocabulary;
    Dim best = 0;
    for (Dim i = 1; i < vocabulary; ++i) best = row[i] > row[best] ? i : best;
    const double top = static_cast<double>(row[best]) / temperature;
    double sum = 0;
    for (Dim i = 0; i < vocabulary; ++i) {
      sum += std::exp(static_cast<double>(row[i]) / temperature - top);
    }
    const double log_sum = top + std::log(sum);
    double entropy = 0;
    for (Dim i = 0; i < vocabulary; ++i) {
      const double log_prob = static_cast<double>(row[i]) / temperature - log_sum;
      if (std::exp(log_prob) > 0) entropy -= std::exp(log_prob) * log_prob;
    }
    const Dim target = targets == nullptr ? best : targets[r];
    output[r] = {static_cast<float>(static_cast<double>(row[target]) / temperature - log_sum),
                 static_cast<float>(entropy), best};
  }
}

}  // namespace lapidary::kernels::reference
