#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/api/moe.h"
#include "kernels/api/parallel.h"
#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/dot_panel.h"

namespace lapidary::kernels {
namespace {

constexpr Dim kOutMultiple = 8;
constexpr Dim kFewestOuts = 32;  // of a task
constexpr double kNanosecondsPerByte = 0.08;
constexpr double kNanosecondsPerProduct = 0.025;
constexpr double kNanosecondsPerShare = 0.5;

Dim ceil_div(Dim a, Dim b) {
  return (a + b - 1) / b;
}

// Rows of one expert that are computed together: [begin, end) of the sorted rows.
struct RowBlock {
  Dim expert;
  Dim begin;
  Dim end;
};

// A row is one (token, expert) choice. Rows are sorted by expert, within an expert by token.
struct Plan {
  std::vector<Dim> choices;  // [rows] which of the [tokens, top_k] choices each sorted row is
  std::vector<Dim> rows;  // [tokens, top_k] sorted rows of each token, ascending in the expert id
  std::vector<RowBlock> blocks;
};

Plan make_plan(const ExpertsArrays& arrays, const ExpertsShape& shape) {
  const Dim num_rows = shape.tokens * shape.top_k;
  std::vector<Dim> starts(static_cast<size_t>(shape.num_experts) + 1, 0);
  for (Dim i = 0; i < num_rows; ++i) ++starts[static_cast<size_t>(arrays.experts[i]) + 1];
  Plan plan;
  for (Dim e = 0; e < shape.num_experts; ++e) {
    const Dim begin = starts[static_cast<size_t>(e)];
    const Dim end = begin + starts[static_cast<size_t>(e) + 1];
    starts[static_cast<size_t>(e) + 1] = end;
    for (Dim row = begin; row < end; row += kPanelRows) {
      plan.blocks.push_back({e, row, std::min(end, row + kPanelRows)});
    }
  }
  plan.choices.resize(static_cast<size_t>(num_rows));
  plan.rows.resize(static_cast<size_t>(num_rows));
  for (Dim i = 0; i < num_rows; ++i) {
    const Dim row = starts[static_cast<size_t>(arrays.experts[i])]++;
    plan.choices[static_cast<size_t>(row)] = i;
    plan.rows[static_cast<size_t>(i)] = row;
  }
  for (Dim t = 0; t < shape.tokens; ++t) {
    // Sorted rows ascend with the expert, so their order is the order of the ids.
    std::sort(plan.rows.begin() + t * shape.top_k, plan.rows.begin() + (t + 1) * shape.top_k);
  }
  return plan;
}

template <typename T>
class Experts {
 public:
  Experts(const ExpertsArrays& arrays, const ExpertsShape& shape)
      : arrays_(arrays), shape_(shape), plan_(make_plan(arrays, shape)) {
    const Dim num_rows = shape.tokens * shape.top_k;
    auto* memory = reinterpret_cast<T*>(
        scratch(ScratchSlot::kShared, num_rows * (shape.intermediate + shape.hidden)));
    hidden_ = memory;
    shares_ = memory + num_rows * shape.intermediate;
  }

  void run() {
    over_blocks(2 * shape_.hidden, shape_.intermediate,
                [&](const RowBlock& block, Dim first, Dim last) { gate_up(block, first, last); });
    over_blocks(shape_.intermediate, shape_.hidden,
                [&](const RowBlock& block, Dim first, Dim last) { down(block, first, last); });
    const double cost = kNanosecondsPerShare * static_cast<double>(shape_.top_k * shape_.hidden);
    parallel_for(shape_.tokens, grain_of(cost), [&](Dim begin, Dim end) {
      for (Dim t = begin; t < end; ++t) combine(t);
    });
  }

 private:
  // function(block, first, last) over all blocks and ranges of `out` outputs of `in` products.
  template <typename F>
  void over_blocks(Dim in, Dim out, F&& function) const {
    const Dim num_rows = shape_.tokens * shape_.top_k;
    const auto num_blocks = static_cast<Dim>(plan_.blocks.size());
    const Dim num_threads = parallel_runner().num_threads();
    const Dim share = ceil_div(num_blocks * out, 4 * num_threads);
    const Dim outs = std::clamp(ceil_div(share, kOutMultiple) * kOutMultiple, kFewestOuts,
                                std::max(kFewestOuts, out));
    const Dim ranges = ceil_div(out, outs);
    const double cost = static_cast<double>(in * out) *
                        (static_cast<double>(num_blocks) * sizeof(T) * kNanosecondsPerByte +
                         static_cast<double>(num_rows) * kNanosecondsPerProduct);
    const auto run = [&](Dim task) {
      const Dim first = task % ranges * outs;
      function(plan_.blocks[static_cast<size_t>(task / ranges)], first,
               std::min(out, first + outs));
    };
    if (num_blocks * ranges <= grain_of(cost / static_cast<double>(num_blocks * ranges))) {
      for (Dim task = 0; task < num_blocks * ranges; ++task) run(task);
    } else {
      parallel_tasks(num_blocks * ranges, run);
    }
  }

  DotPanel<T> input_panel(const RowBlock& block) const {
    const auto* input = static_cast<const T*>(arrays_.input);
    const Dim rows = block.end - block.begin;
    const Dim dim = shape_.hidden;
    if (rows == 1) {
      const Dim token = token_of(block.begin);
      return make_panel(input + token * dim, dim, 1, dim, ScratchSlot::kPanel);
    }
    auto* gathered = reinterpret_cast<T*>(scratch(ScratchSlot::kRows, rows * dim));
    for (Dim r = 0; r < rows; ++r) {
      const Dim token = token_of(block.begin + r);
      std::memcpy(gathered + r * dim, input + token * dim, static_cast<size_t>(dim) * sizeof(T));
    }
    return make_panel(gathered, dim, rows, dim, ScratchSlot::kPanel);
  }

  void gate_up(const RowBlock& block, Dim first, Dim last) const {
    const Dim rows = block.end - block.begin;
    const Dim outs = last - first;
    const DotPanel<T> panel = input_panel(block);
    const T* gate = static_cast<const T*>(arrays_.gate_up) +
                    (block.expert * 2 * shape_.intermediate + first) * shape_.hidden;
    const T* up = gate + shape_.intermediate * shape_.hidden;
    auto* gates = reinterpret_cast<T*>(scratch(ScratchSlot::kScores, 2 * rows * outs));
    T* ups = gates + rows * outs;
    multiply(panel, gate, shape_.hidden, outs, gates, outs);
    multiply(panel, up, shape_.hidden, outs, ups, outs);
    for (Dim r = 0; r < rows; ++r) {
      kernel_table().of<T>().geglu_row(gates + r * outs, ups + r * outs,
                                       hidden_ + (block.begin + r) * shape_.intermediate + first,
                                       outs);
    }
  }

  void down(const RowBlock& block, Dim first, Dim last) const {
    const Dim in = shape_.intermediate;
    const DotPanel<T> panel = make_panel(hidden_ + block.begin * in, in, block.end - block.begin,
                                         in, ScratchSlot::kPanel);
    const T* weight =
        static_cast<const T*>(arrays_.down) + (block.expert * shape_.hidden + first) * in;
    multiply(panel, weight, in, last - first, shares_ + block.begin * shape_.hidden + first,
             shape_.hidden);
  }

  void combine(Dim token) const {
    T* output = static_cast<T*>(arrays_.output) + token * shape_.hidden;
    std::memset(output, 0, static_cast<size_t>(shape_.hidden) * sizeof(T));
    for (Dim k = 0; k < shape_.top_k; ++k) {
      const Dim row = plan_.rows[static_cast<size_t>(token * shape_.top_k + k)];
      kernel_table().of<T>().add_scaled_row(
          output, shares_ + row * shape_.hidden,
          arrays_.weights[plan_.choices[static_cast<size_t>(row)]], shape_.hidden);
    }
  }

  Dim token_of(Dim row) const { return plan_.choices[static_cast<size_t>(row)] / shape_.top_k; }

  const ExpertsArrays& arrays_;
  const ExpertsShape& shape_;
  Plan plan_;
  T* hidden_;  // [rows, intermediate]
  T* shares_;  // [rows, hidden]
};

}  // namespace

void experts(Dtype dtype, const ExpertsArrays& arrays, const ExpertsShape& shape) {
  if (shape.tokens == 0) return;
  with_type(dtype, [&]<typename T>() { Experts<T>(arrays, shape).run(); });
}

}  // namespace lapidary::kernels
