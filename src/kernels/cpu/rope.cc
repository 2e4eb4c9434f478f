#include "kernels/api/rope.h"

#include "kernels/api/parallel.h"
#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/row_sums.h"
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

void qkv_norm_rope_backward(Dtype dtype, const QkvNormRopeBackward& arrays, const QkvShape& shape) {
  with_type(dtype, [&]<typename T>() {
    const auto as = [](const void* pointer) { return static_cast<const T*>(pointer); };
    const Dim dim = shape.head_dim;
    const Dim width = (shape.num_heads + 2 * shape.num_kv_heads) * dim;
    const RowWork work = {shape.tokens, 2 * kNanosecondsPerElement * static_cast<double>(width)};
    float* sums = scratch(ScratchSlot::kScores, 2 * dim);
    sum_over_rows(work, sums, 2 * dim, [&](float* grad_norms, Dim begin, Dim end) {
      const QkvBackwardRows<T> rows = {
          as(arrays.qkv),      as(arrays.q_norm),     as(arrays.k_norm),
          as(arrays.cos),      as(arrays.sin),        as(arrays.grad_query),
          as(arrays.grad_key), as(arrays.grad_value), static_cast<T*>(arrays.grad_qkv),
          grad_norms,          grad_norms + dim,      scratch(ScratchSlot::kRows, 2 * dim)};
      kernel_table().of<T>().qkv_backward(rows, shape, begin, end);
    });
    std::copy_n(sums, dim, arrays.grad_q_norm);
    if (shape.value_source != ValueSource::kNone) std::copy_n(sums + dim, dim, arrays.grad_k_norm);
  });
}

}  // namespace lapidary::kernels
