// Sums over rows (gradients of weights) that are the same for any number of threads.
#pragma once

#include <algorithm>
#include <cstring>

#include "kernels/api/parallel.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {

struct RowWork {
  Dim rows;
  double nanoseconds_per_row;
};

// function(sums, begin, end) adds rows [begin, end) to sums [size]. Blocks of rows, always the
// same, are summed by themselves, then the blocks in order. Uses the scratch slot kShared.
template <typename F>
void sum_over_rows(const RowWork& work, float* sums, Dim size, F&& function) {
  constexpr Dim kBlockRows = 32;
  const Dim num_blocks = (work.rows + kBlockRows - 1) / kBlockRows;
  float* partial = scratch(ScratchSlot::kShared, std::max<Dim>(1, num_blocks) * size);
  const double cost = work.nanoseconds_per_row * static_cast<double>(kBlockRows);
  parallel_for(num_blocks, grain_of(cost), [&](Dim begin, Dim end) {
    for (Dim block = begin; block < end; ++block) {
      float* own = partial + block * size;
      std::memset(own, 0, static_cast<size_t>(size) * sizeof(float));
      function(own, block * kBlockRows, std::min(work.rows, (block + 1) * kBlockRows));
    }
  });
  std::memset(sums, 0, static_cast<size_t>(size) * sizeof(float));
  for (Dim block = 0; block < num_blocks; ++block) {
    kernel_table().add_row(sums, partial + block * size, size);
  }
}

}  // namespace lapidary::kernels
