#include <cstring>

#include "kernels/api/moe.h"
#include "kernels/api/parallel.h"
#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/dot_panel.h"
#include "kernels/cpu/simd/bfloat16.h"

namespace lapidary::kernels {
namespace {

constexpr double kNanosecondsPerProduct = 0.04;

// The top_k largest of probs, largest first, ties to the lower id; `probs` is not changed.
void choose(const float* probs, Dim num_experts, Dim top_k, int64_t* experts) {
  for (Dim k = 0; k < top_k; ++k) {
    Dim best = -1;
    for (Dim e = 0; e < num_experts; ++e) {
      bool taken = false;
      for (Dim earlier = 0; earlier < k; ++earlier) taken = taken || experts[earlier] == e;
      if (!taken && (best < 0 || probs[e] > probs[best])) best = e;
    }
    experts[k] = best;
  }
}

// Tokens [begin, end), at most kPanelRows.
template <typename T>
void route_rows(const RouterArrays& arrays, const RouterShape& shape, Dim begin, Dim end) {
  const KernelTable& table = kernel_table();
  const Dim rows = end - begin;
  const auto* residual = static_cast<const T*>(arrays.residual) + begin * shape.hidden;
  auto* normed = reinterpret_cast<T*>(scratch(ScratchSlot::kRows, rows * shape.hidden));
  for (Dim r = 0; r < rows; ++r) {
    table.of<T>().router_row(residual + r * shape.hidden, static_cast<const T*>(arrays.scale),
                             shape.hidden, static_cast<float>(shape.eps),
                             normed + r * shape.hidden);
  }
  float* probs = scratch(ScratchSlot::kScores, rows * shape.num_experts);
  multiply(make_panel(normed, shape.hidden, rows, shape.hidden, ScratchSlot::kPanel),
           static_cast<const T*>(arrays.proj), shape.hidden, shape.num_experts, probs,
           shape.num_experts);
  for (Dim r = 0; r < rows; ++r) {
    float* row = probs + r * shape.num_experts;
    for (Dim e = 0; e < shape.num_experts; ++e) row[e] = rounded_to<T>(row[e]);
    const float sum =
        table.exp_row(row, shape.num_experts, table.max_of_row(row, shape.num_experts));
    for (Dim e = 0; e < shape.num_experts; ++e) row[e] /= sum;
    int64_t* experts = arrays.experts + (begin + r) * shape.top_k;
    choose(row, shape.num_experts, shape.top_k, experts);
    float* weights = arrays.weights + (begin + r) * shape.top_k;
    float total = 0;
    for (Dim k = 0; k < shape.top_k; ++k) total += row[experts[k]];
    for (Dim k = 0; k < shape.top_k; ++k) {
      const T scale = static_cast<const T*>(arrays.per_expert_scale)[experts[k]];
      weights[k] = row[experts[k]] / total * to_float(scale);
    }
  }
  if (arrays.probs != nullptr) {
    std::memcpy(arrays.probs + begin * shape.num_experts, probs,
                static_cast<size_t>(rows * shape.num_experts) * sizeof(float));
  }
}

}  // namespace

void route(Dtype dtype, const RouterArrays& arrays, const RouterShape& shape) {
  with_type(dtype, [&]<typename T>() {
    const double cost =
        kNanosecondsPerProduct * static_cast<double>((shape.num_experts + 16) * shape.hidden);
    parallel_for(shape.tokens, grain_of(cost), [&](Dim begin, Dim end) {
      for (Dim r = begin; r < end; r += kPanelRows) {
        route_rows<T>(arrays, shape, r, std::min(end, r + kPanelRows));
      }
    });
  });
}

}  // namespace lapidary::kernels
