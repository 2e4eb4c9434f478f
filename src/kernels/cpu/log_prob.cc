#include "kernels/api/log_prob.h"

#include <cmath>

#include "kernels/api/parallel.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {
namespace {

constexpr double kNanosecondsPerLogit = 1.0;
constexpr Dim kCapBlock = 4096;

RowLogProb row_log_prob(const KernelTable& table, const float* row, const int64_t* target,
                        Dim vocabulary, float temperature) {
  const float largest = table.max_of_row(row, vocabulary);
  Dim best = 0;
  while (best + 1 < vocabulary && row[best] != largest) ++best;
  double sum = 0;
  double weighted = 0;
  table.exp_sums(row, vocabulary, largest, temperature, &sum, &weighted);
  const float chosen = row[target == nullptr ? best : *target];
  const double log_sum = std::log(sum);
  return {static_cast<float>(static_cast<double>((chosen - largest) / temperature) - log_sum),
          static_cast<float>(log_sum - weighted / sum), best};
}

}  // namespace

void softcap(float* logits, Dim count, float cap) {
  const Dim num_blocks = (count + kCapBlock - 1) / kCapBlock;
  parallel_for(num_blocks, grain_of(kNanosecondsPerLogit * kCapBlock), [&](Dim begin, Dim end) {
    const Dim first = begin * kCapBlock;
    kernel_table().softcap_row(logits + first, std::min(count, end * kCapBlock) - first, cap);
  });
}

void log_probs(const float* logits, const int64_t* targets, Dim rows, Dim vocabulary,
               double temperature, RowLogProb* output) {
  const Dim grain = grain_of(kNanosecondsPerLogit * static_cast<double>(vocabulary));
  parallel_for(rows, grain, [&](Dim begin, Dim end) {
    for (Dim r = begin; r < end; ++r) {
      output[r] = row_log_prob(kernel_table(), logits + r * vocabulary,
                               targets == nullptr ? nullptr : targets + r, vocabulary,
                               static_cast<float>(temperature));
    }
  });
}

}  // namespace lapidary::kernels
