#include "kernels/api/parallel.h"

#include <algorithm>

namespace lapidary::kernels {
namespace {

constexpr double kTaskNanoseconds = 8000;

ParallelRunner& installed() {
  static ParallelRunner runner = {
      [] { return 1; },
      [](Dim count, Dim, RangeFunction function, void* context) { function(context, 0, count); }};
  return runner;
}

}  // namespace

void set_parallel_runner(ParallelRunner runner) {
  installed() = runner;
}

ParallelRunner parallel_runner() {
  return installed();
}

Dim grain_of(double nanoseconds_per_item) {
  return std::max<Dim>(1, static_cast<Dim>(kTaskNanoseconds / nanoseconds_per_item));
}

}  // namespace lapidary::kernels
