// How the kernels spread work over threads. The room owns no threads: whoever links it installs a
// runner (the ops room installs LibTorch's own OpenMP team, so that one pool serves both); without
// one everything runs on the calling thread.
//
// Every kernel gives the same bits for any number of threads: an item is computed whole by one
// thread, in an order that does not depend on where the ranges are cut.
#pragma once

#include <algorithm>
#include <atomic>
#include <type_traits>

#include "base/dim.h"

namespace lapidary::kernels {

// Works on items [begin, end).
using RangeFunction = void (*)(void* context, Dim begin, Dim end);

struct ParallelRunner {
  int (*num_threads)();  // 1 inside a running range
  // Cuts [0, count) into at most num_threads() ranges of at least `grain` items (the last may be
  // shorter), calls function(context, begin, end) for each, returns when all are done.
  void (*run)(Dim count, Dim grain, RangeFunction function, void* context);
};
void set_parallel_runner(ParallelRunner runner);
ParallelRunner parallel_runner();

// Items that together take long enough to be worth handing to another thread (several
// microseconds), given about how long one takes.
Dim grain_of(double nanoseconds_per_item);

// function(begin, end) over [0, count); on the calling thread if the work is short. Must not throw.
template <typename F>
void parallel_for(Dim count, Dim grain, F&& function) {
  if (count <= 0) return;
  const ParallelRunner runner = parallel_runner();
  if (count <= grain || runner.num_threads() == 1) {
    function(Dim{0}, count);
    return;
  }
  runner.run(
      count, grain,
      [](void* context, Dim begin, Dim end) {
        (*static_cast<std::remove_reference_t<F>*>(context))(begin, end);
      },
      &function);
}

// function(task) for tasks 0 .. count - 1, handed out one by one as threads become free: for tasks
// of unequal length, each worth a thread's while.
template <typename F>
void parallel_tasks(Dim count, F&& function) {
  std::atomic<Dim> next = 0;
  parallel_for(std::min<Dim>(count, parallel_runner().num_threads()), 1, [&](Dim, Dim) {
    for (Dim task = next++; task < count; task = next++) function(task);
  });
}

}  // namespace lapidary::kernels
