#include "kernels/api/linear.h"

#include <algorithm>

#include "kernels/api/parallel.h"
#include "kernels/cpu/dot_panel.h"

namespace lapidary::kernels {
namespace {

constexpr Dim kOutMultiple = 8;  // ranges of outputs are cut at multiples of a tile
constexpr Dim kTaskOuts = 128;   // of a panel, when there are several panels

// Estimates for deciding how many threads a call is worth.
constexpr double kNanosecondsPerByte = 0.08;
constexpr double kNanosecondsPerProduct = 0.025;

Dim ceil_div(Dim a, Dim b) {
  return (a + b - 1) / b;
}

// One panel: the outputs are split, so that each weight is read by one thread.
template <typename T, typename Out>
void one_panel(const T* input, const T* weight, Out* output, const LinearShape& shape) {
  const DotPanel<T> panel = make_panel(input, shape.in, shape.rows, shape.in, ScratchSlot::kPanel);
  const auto weights = static_cast<double>(kOutMultiple * shape.in);
  const double cost = weights * sizeof(T) * kNanosecondsPerByte +
                      weights * static_cast<double>(shape.rows) * kNanosecondsPerProduct;
  parallel_for(ceil_div(shape.out, kOutMultiple), grain_of(cost), [&](Dim begin, Dim end) {
    const Dim first = begin * kOutMultiple;
    const Dim last = std::min(end * kOutMultiple, shape.out);
    multiply(panel, weight + first * shape.in, shape.in, last - first, output + first, shape.out);
  });
}

// Tasks of one panel and kTaskOuts outputs, panel by panel.
template <typename T, typename Out>
void several_panels(const T* input, const T* weight, Out* output, const LinearShape& shape) {
  const Dim tasks_of_panel = ceil_div(shape.out, kTaskOuts);
  const Dim num_tasks = ceil_div(shape.rows, kPanelRows) * tasks_of_panel;
  parallel_for(num_tasks, 1, [&](Dim begin, Dim end) {
    DotPanel<T> panel{};
    for (Dim task = begin; task < end; ++task) {
      const Dim row = task / tasks_of_panel * kPanelRows;
      const Dim first = task % tasks_of_panel * kTaskOuts;
      if (task == begin || first == 0) {
        panel = make_panel(input + row * shape.in, shape.in, std::min(kPanelRows, shape.rows - row),
                           shape.in, ScratchSlot::kPanel);
      }
      multiply(panel, weight + first * shape.in, shape.in, std::min(kTaskOuts, shape.out - first),
               output + row * shape.out + first, shape.out);
    }
  });
}

template <typename T, typename Out>
void linear_of(const void* input, const void* weight, Out* output, const LinearShape& shape) {
  if (shape.rows == 0 || shape.out == 0) return;
  const auto* typed_input = static_cast<const T*>(input);
  const auto* typed_weight = static_cast<const T*>(weight);
  if (shape.rows <= kPanelRows) {
    one_panel(typed_input, typed_weight, output, shape);
  } else {
    several_panels(typed_input, typed_weight, output, shape);
  }
}

}  // namespace

void linear(Dtype dtype, const void* input, const void* weight, void* output,
            const LinearShape& shape) {
  if (dtype == Dtype::kFloat32) {
    linear_of<float>(input, weight, static_cast<float*>(output), shape);
  } else {
    linear_of<BFloat16>(input, weight, static_cast<BFloat16*>(output), shape);
  }
}

void linear_to_float(Dtype dtype, const void* input, const void* weight, float* output,
                     const LinearShape& shape) {
  if (dtype == Dtype::kFloat32) {
    linear_of<float>(input, weight, output, shape);
  } else {
    linear_of<BFloat16>(input, weight, output, shape);
  }
}

}  // namespace lapidary::kernels
