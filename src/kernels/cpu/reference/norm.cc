#include "kernels/api/norm.h"

#include <cmath>

#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/simd/bfloat16.h"

namespace lapidary::kernels::reference {
namespace {

template <typename T>
float normed(const T* row, const T* weight, Dim i, const NormShape& shape) {
  double squares = 0;
  for (Dim j = 0; j < shape.dim; ++j) {
    squares += static_cast<double>(to_float(row[j])) * static_cast<double>(to_float(row[j]));
  }
  const double root = std::sqrt(squares / static_cast<double>(shape.dim) + shape.eps);
  const auto y = static_cast<float>(static_cast<double>(to_float(row[i])) / root);
  return rounded_to<T>(weight == nullptr ? y : y * to_float(weight[i]));
}

}  // namespace

void rms_norm(Dtype dtype, const void* input, const void* weight, void* output,
              const NormShape& shape) {
  with_type(dtype, [&]<typename T>() {
    for (Dim r = 0; r < shape.rows; ++r) {
      const T* row = static_cast<const T*>(input) + r * shape.dim;
      for (Dim i = 0; i < shape.dim; ++i) {
        assign(static_cast<T*>(output)[r * shape.dim + i],
               normed(row, static_cast<const T*>(weight), i, shape));
      }
    }
  });
}

void add_rms_norm(Dtype dtype, const void* residual, const void* input, const void* weight,
                  float scale, void* output, const NormShape& shape) {
  with_type(dtype, [&]<typename T>() {
    for (Dim r = 0; r < shape.rows; ++r) {
      const T* row = static_cast<const T*>(input) + r * shape.dim;
      for (Dim i = 0; i < shape.dim; ++i) {
        const float before = to_float(static_cast<const T*>(residual)[r * shape.dim + i]);
        const float sum =
            rounded_to<T>(before + normed(row, static_cast<const T*>(weight), i, shape));
        assign(static_cast<T*>(output)[r * shape.dim + i], sum * scale);
      }
    }
  });
}

void sum_of_rms_norms(Dtype dtype, const void* first, const void* first_weight, const void* second,
                      const void* second_weight, void* output, const NormShape& shape) {
  with_type(dtype, [&]<typename T>() {
    for (Dim r = 0; r < shape.rows; ++r) {
      const Dim row = r * shape.dim;
      for (Dim i = 0; i < shape.dim; ++i) {
        assign(static_cast<T*>(output)[row + i],
               normed(static_cast<const T*>(first) + row, static_cast<const T*>(first_weight), i,
                      shape) +
                   normed(static_cast<const T*>(second) + row, static_cast<const T*>(second_weight),
                          i, shape));
      }
    }
  });
}

}  // namespace lapidary::kernels::reference
