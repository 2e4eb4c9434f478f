#include "kernels/api/adamw.h"

#include <algorithm>

#include "kernels/api/parallel.h"
#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {
namespace {

constexpr Dim kBlock = 4096;
constexpr double kNanosecondsPerElement = 1.5;

}  // namespace

void adamw(Dtype gradient_dtype, const AdamWArrays& arrays, const AdamWFactors& factors,
           Dim count) {
  with_type(gradient_dtype, [&]<typename T>() {
    const Dim num_blocks = (count + kBlock - 1) / kBlock;
    parallel_for(num_blocks, grain_of(kNanosecondsPerElement * kBlock), [&](Dim begin, Dim end) {
      const Dim first = begin * kBlock;
      const Dim last = std::min(count, end * kBlock);
      auto* rounded = static_cast<BFloat16*>(arrays.rounded);
      const AdamWRow<T> row = {arrays.value + first, arrays.moment + first,
                               arrays.second_moment + first,
                               static_cast<const T*>(arrays.gradient) + first,
                               rounded == nullptr ? nullptr : rounded + first};
      kernel_table().of<T>().adamw_row(row, factors, last - first);
    });
  });
}

}  // namespace lapidary::kernels
