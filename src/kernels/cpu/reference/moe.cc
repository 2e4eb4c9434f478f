#include "kernels/api/moe.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "kernels/api/geglu.h"
#include "kernels/api/linear.h"
#include "kernels/api/norm.h"
#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/simd/bfloat16.h"

namespace lapidary::kernels::reference {

void route(Dtype dtype, const RouterArrays& arrays, const RouterShape& shape) {
  with_type(dtype, [&]<typename T>() {
    const auto num_experts = static_cast<size_t>(shape.num_experts);
    std::vector<T> row(static_cast<size_t>(shape.hidden));
    std::vector<T> logits(num_experts);
    std::vector<double> probs(num_experts);
    std::vector<Dim> order(num_experts);
    const auto root = static_cast<float>(1 / std::sqrt(static_cast<double>(shape.hidden)));
    for (Dim t = 0; t < shape.tokens; ++t) {
      reference::rms_norm(dtype, static_cast<const T*>(arrays.residual) + t * shape.hidden, nullptr,
                          row.data(), {1, shape.hidden, shape.eps});
      for (size_t i = 0; i < row.size(); ++i) {
        const float scale = to_float(static_cast<const T*>(arrays.scale)[i]);
        assign(row[i], rounded_to<T>(to_float(row[i]) * scale) * root);
      }
      reference::linear(dtype, row.data(), arrays.proj, logits.data(),
                        {1, shape.hidden, shape.num_experts});
      double sum = 0;
      for (size_t e = 0; e < num_experts; ++e) {
        probs[e] = std::exp(static_cast<double>(to_float(logits[e])));
        sum += probs[e];
      }
      std::iota(order.begin(), order.end(), Dim{0});
      std::stable_sort(order.begin(), order.end(), [&](Dim a, Dim b) {
        return to_float(logits[static_cast<size_t>(a)]) > to_float(logits[static_cast<size_t>(b)]);
      });
      double chosen = 0;
      for (Dim k = 0; k < shape.top_k; ++k) {
        chosen += probs[static_cast<size_t>(order[static_cast<size_t>(k)])];
      }
      for (Dim k = 0; k < shape.top_k; ++k) {
        const Dim expert = order[static_cast<size_t>(k)];
        const float scale = to_float(static_cast<const T*>(arrays.per_expert_scale)[expert]);
        arrays.experts[t * shape.top_k + k] = expert;
        arrays.weights[t * shape.top_k + k] =
            static_cast<float>(probs[static_cast<size_t>(expert)] / chosen) * scale;
      }
      for (size_t e = 0; arrays.probs != nullptr && e < num_experts; ++e) {
        arrays.probs[static_cast<size_t>(t) * num_experts + e] = static_cast<float>(probs[e] / sum);
      }
    }
  });
}

void experts(Dtype dtype, const ExpertsArrays& arrays, const ExpertsShape& shape) {
  with_type(dtype, [&]<typename T>() {
    std::vector<T> gate_up(static_cast<size_t>(2 * shape.intermediate));
    std::vector<T> hidden(static_cast<size_t>(shape.intermediate));
    std::vector<T> share(static_cast<size_t>(shape.hidden));
    for (Dim t = 0; t < shape.tokens; ++t) {
      const T* input = static_cast<const T*>(arrays.input) + t * shape.hidden;
      T* output = static_cast<T*>(arrays.output) + t * shape.hidden;
      std::fill_n(output, shape.hidden, T{});
      for (Dim e = 0; e < shape.num_experts; ++e) {
        for (Dim k = 0; k < shape.top_k; ++k) {
          if (arrays.experts[t * shape.top_k + k] != e) continue;
          const float weight = arrays.weights[t * shape.top_k + k];
          reference::linear(
              dtype, input,
              static_cast<const T*>(arrays.gate_up) + e * 2 * shape.intermediate * shape.hidden,
              gate_up.data(), {1, shape.hidden, 2 * shape.intermediate});
          reference::geglu(
              dtype, {gate_up.data(), 0, gate_up.data() + shape.intermediate, 0, hidden.data()}, 1,
              shape.intermediate);
          reference::linear(
              dtype, hidden.data(),
              static_cast<const T*>(arrays.down) + e * shape.hidden * shape.intermediate,
              share.data(), {1, shape.intermediate, shape.hidden});
          for (Dim i = 0; i < shape.hidden; ++i) {
            assign(output[i], to_float(output[i]) +
                                  rounded_to<T>(to_float(share[static_cast<size_t>(i)]) * weight));
          }
        }
      }
    }
  });
}

}  // namespace lapidary::kernels::reference
