#include "kernels/api/rope.h"

#include "kernels/api/parallel.h"
#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {
namespace {

constexpr double kNanosecondsPerElement = 0.5;

}  // namespace

void qkv_norm_rope(Dtype dtype, const QkvNormRope& arrays, const QkvShape& shape) {
  with_type(dtype, [&]<typename T>() {
    const QkvArrays<T> typed = {
        static_cast<const T*>(arrays.qkv),    static_cast<const T*>(arrays.q_norm),
        static_cast<const T*>(arrays.k_norm), static_cast<const T*>(arrays.cos),
        static_cast<const T*>(arrays.sin),    static_cast<T*>(arrays.query),
        static_cast<T*>(arrays.key),          static_cast<T*>(arrays.value)};
    const Dim width = (shape.num_heads + 2 * shape.num_kv_heads) * shape.head_dim;
    const Dim grain = grain_of(kNanosecondsPerElement * static_cast<double>(width));
    parallel_for(shape.tokens, grain, [&](Dim begin, Dim end) {
      kernel_table().of<T>().qkv_norm_rope(typed, shape, begin, end);
    });
  });
}

}  // namespace lapidary::kernels
