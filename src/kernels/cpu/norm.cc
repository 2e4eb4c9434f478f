#include "kernels/api/norm.h"

#include "kernels/api/parallel.h"
#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {
namespace {

constexpr double kNanosecondsPerElement = 0.3;

template <typename T>
using NormFunction = void (*)(const NormArrays<T>&, Dim, float, Dim, Dim);

template <typename T>
void over_rows(NormFunction<T> function, const NormArrays<T>& arrays, const NormShape& shape) {
  const double cost = kNanosecondsPerElement * static_cast<double>(shape.dim);
  parallel_for(shape.rows, grain_of(cost), [&](Dim begin, Dim end) {
    function(arrays, shape.dim, static_cast<float>(shape.eps), begin, end);
  });
}

template <typename T>
const T* as(const void* pointer) {
  return static_cast<const T*>(pointer);
}

}  // namespace

void rms_norm(Dtype dtype, const void* input, const void* weight, void* output,
              const NormShape& shape) {
  with_type(dtype, [&]<typename T>() {
    const NormArrays<T> arrays = {nullptr, as<T>(input), as<T>(weight),          nullptr,
                                  nullptr, 1.0F,         static_cast<T*>(output)};
    over_rows(kernel_table().of<T>().norm, arrays, shape);
  });
}

void add_rms_norm(Dtype dtype, const void* residual, const void* input, const void* weight,
                  float scale, void* output, const NormShape& shape) {
  with_type(dtype, [&]<typename T>() {
    const NormArrays<T> arrays = {as<T>(residual), as<T>(input), as<T>(weight),          nullptr,
                                  nullptr,         scale,        static_cast<T*>(output)};
    over_rows(kernel_table().of<T>().add_norm, arrays, shape);
  });
}

void sum_of_rms_norms(Dtype dtype, const void* first, const void* first_weight, const void* second,
                      const void* second_weight, void* output, const NormShape& shape) {
  with_type(dtype, [&]<typename T>() {
    const NormArrays<T> arrays = {
        nullptr, as<T>(first),           as<T>(first_weight), as<T>(second), as<T>(second_weight),
        1.0F,    static_cast<T*>(output)};
    over_rows(kernel_table().of<T>().sum_norm, arrays, shape);
  });
}

}  // namespace lapidary::kernels
