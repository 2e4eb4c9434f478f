#include "kernels/api/attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/simd/bfloat16.h"

namespace lapidary::kernels::reference {
namespace {

template <typename T>
double dot(const T* a, const T* b, Dim count) {
  double sum = 0;
  for (Dim i = 0; i < count; ++i) {
    sum += static_cast<double>(to_float(a[i])) * static_cast<double>(to_float(b[i]));
  }
  return sum;
}

// One query head against its visible keys -> output [head_dim]; returns the log of the sum of
// exp(score).
template <typename T>
double attend(const T* query, const std::vector<const T*>& keys,
              const std::vector<const T*>& values, Dim head_dim, T* output) {
  std::vector<double> scores;
  double largest = -INFINITY;
  for (const T* key : keys) {
    scores.push_back(dot(query, key, head_dim));
    largest = std::max(largest, scores.back());
  }
  double sum = 0;
  for (const double score : scores) sum += std::exp(score - largest);
  for (Dim d = 0; d < head_dim; ++d) {
    double mean = 0;
    for (size_t k = 0; k < values.size(); ++k) {
      mean += std::exp(scores[k] - largest) / sum * static_cast<double>(to_float(values[k][d]));
    }
    assign(output[d], static_cast<float>(mean));
  }
  return largest + std::log(sum);
}

}  // namespace

void decode_attention(Dtype dtype, const DecodeArrays& arrays, const HeadCounts& heads) {
  with_type(dtype, [&]<typename T>() {
    const Dim dim = heads.head_dim;
    const Dim group = heads.num_heads / heads.num_kv_heads;
    for (size_t i = 0; i + 1 < arrays.run_starts.size(); ++i) {
      for (Dim h = 0; h < heads.num_heads; ++h) {
        std::vector<const T*> keys;
        std::vector<const T*> values;
        for (Dim r = arrays.run_starts[i]; r < arrays.run_starts[i + 1]; ++r) {
          const KeyRun& run = arrays.runs[static_cast<size_t>(r)];
          for (Dim row = 0; row < run.num_rows; ++row) {
            const Dim at = (row * heads.num_kv_heads + h / group) * dim;
            keys.push_back(static_cast<const T*>(run.key) + at);
            values.push_back(static_cast<const T*>(run.value) + at);
          }
        }
        const Dim at = (static_cast<Dim>(i) * heads.num_heads + h) * dim;
        attend(static_cast<const T*>(arrays.query) + at, keys, values, dim,
               static_cast<T*>(arrays.output) + at);
      }
    }
  });
}

void packed_attention(Dtype dtype, const PackedArrays& arrays, const PackedSequences& sequences,
                      const HeadCounts& heads) {
  with_type(dtype, [&]<typename T>() {
    const Dim dim = heads.head_dim;
    const Dim group = heads.num_heads / heads.num_kv_heads;
    for (size_t i = 0; i + 1 < sequences.query_starts.size(); ++i) {
      const Dim num_keys = sequences.key_starts[i + 1] - sequences.key_starts[i];
      for (Dim row = sequences.query_starts[i]; row < sequences.query_starts[i + 1]; ++row) {
        const Dim position = num_keys - (sequences.query_starts[i + 1] - row);
        for (Dim h = 0; h < heads.num_heads; ++h) {
          std::vector<const T*> keys;
          std::vector<const T*> values;
          for (Dim k = 0; k <= position; ++k) {
            if (sequences.window != 0 && k <= position - sequences.window) continue;
            const Dim at = ((sequences.key_starts[i] + k) * heads.num_kv_heads + h / group) * dim;
            keys.push_back(static_cast<const T*>(arrays.key) + at);
            values.push_back(static_cast<const T*>(arrays.value) + at);
          }
          const Dim at = row * heads.num_heads + h;
          const double log_sum = attend(static_cast<const T*>(arrays.query) + at * dim, keys,
                                        values, dim, static_cast<T*>(arrays.output) + at * dim);
          if (arrays.log_sum != nullptr) arrays.log_sum[at] = static_cast<float>(log_sum);
        }
      }
    }
  });
}

}  // namespace lapidary::kernels::reference
