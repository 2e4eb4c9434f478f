#include "kernels/api/head.h"

#include <cmath>

#include "kernels/api/parallel.h"
#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {
namespace {

constexpr double kNanosecondsPerLogit = 2.0;

// each(row, its capped logits in scratch memory) for all rows.
template <typename T, typename Each>
void over_capped_rows(const void* product, const HeadShape& shape, const Each& each) {
  const Dim grain = grain_of(kNanosecondsPerLogit * static_cast<double>(shape.vocabulary));
  parallel_for(shape.rows, grain, [&](Dim begin, Dim end) {
    float* logits = scratch(ScratchSlot::kRows, shape.vocabulary);
    for (Dim r = begin; r < end; ++r) {
      kernel_table().of<T>().read_row(static_cast<const T*>(product) + r * shape.vocabulary, logits,
                                      shape.vocabulary);
      if (shape.softcap > 0) {
        kernel_table().softcap_row(logits, shape.vocabulary, static_cast<float>(shape.softcap));
      }
      each(r, logits);
    }
  });
}

}  // namespace

void head_statistics(Dtype dtype, const void* product, const int64_t* targets,
                     const HeadStatistics& output, const HeadShape& shape) {
  const KernelTable& table = kernel_table();
  const auto temperature = static_cast<float>(shape.temperature);
  const auto each = [&](Dim r, const float* logits) {
    const float largest = table.max_of_row(logits, shape.vocabulary);
    double sum = 0;
    double weighted = 0;
    table.exp_sums(logits, shape.vocabulary, largest, temperature, &sum, &weighted);
    const double log_sum = std::log(sum);
    const float chosen = (logits[targets[r]] - largest) / temperature;
    output.largest[r] = largest;
    output.log_sum[r] = static_cast<float>(log_sum);
    output.log_prob[r] = static_cast<float>(static_cast<double>(chosen) - log_sum);
    output.entropy[r] = static_cast<float>(log_sum - weighted / sum);
  };
  with_type(dtype, [&]<typename T>() { over_capped_rows<T>(product, shape, each); });
}

void head_gradient(Dtype dtype, const HeadGradient& arrays, const HeadShape& shape) {
  const KernelTable& table = kernel_table();
  const auto temperature = static_cast<float>(shape.temperature);
  const auto cap = static_cast<float>(shape.softcap);
  with_type(dtype, [&]<typename T>() {
    over_capped_rows<T>(arrays.product, shape, [&](Dim r, float* logits) {
      const float chosen = logits[arrays.targets[r]];
      table.logit_gradient_row({logits, arrays.largest[r], arrays.log_sum[r], arrays.entropy[r],
                                arrays.grad_log_prob[r], arrays.grad_entropy[r], temperature, cap},
                               shape.vocabulary);
      const float slope = cap > 0 ? 1.0F - (chosen / cap) * (chosen / cap) : 1.0F;
      logits[arrays.targets[r]] += arrays.grad_log_prob[r] / temperature * slope;
      table.of<T>().write_row(logits, 1.0F, static_cast<T*>(arrays.output) + r * shape.vocabulary,
                              shape.vocabulary);
    });
  });
}

}  // namespace lapidary::kernels
