#include "kernels/api/geglu.h"

#include "kernels/api/parallel.h"
#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {
namespace {

constexpr double kNanosecondsPerElement = 0.8;

}  // namespace

void geglu(Dtype dtype, const GegluArrays& arrays, Dim rows, Dim dim) {
  with_type(dtype, [&]<typename T>() {
    const auto* gate = static_cast<const T*>(arrays.gate);
    const auto* up = static_cast<const T*>(arrays.up);
    auto* output = static_cast<T*>(arrays.output);
    const Dim grain = grain_of(kNanosecondsPerElement * static_cast<double>(dim));
    parallel_for(rows, grain, [&](Dim begin, Dim end) {
      for (Dim r = begin; r < end; ++r) {
        kernel_table().of<T>().geglu_row(gate + r * arrays.gate_stride, up + r * arrays.up_stride,
                                         output + r * dim, dim);
      }
    });
  });
}

}  // namespace lapidary::kernels
