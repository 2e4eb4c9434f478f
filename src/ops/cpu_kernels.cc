#include "ops/cpu_kernels.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "base/dim.h"
#include "kernels/api/parallel.h"

// The entry points of the OpenMP runtime that LibTorch ships and runs its own loops on. Called by
// name, since a compiler's own -fopenmp may bring a second runtime.
extern "C" {
void GOMP_parallel(void (*function)(void*), void* data, unsigned num_threads, unsigned flags);
int omp_get_thread_num();
int omp_get_num_threads();
}

namespace lapidary::ops {
namespace {

struct Range {
  Dim count;
  Dim size;  // of each thread's part
  kernels::RangeFunction function;
  void* context;
};

void run_part(void* data) {
  const Range& range = *static_cast<Range*>(data);
  // The team may be smaller than was asked for.
  for (Dim begin = omp_get_thread_num() * range.size; begin < range.count;
       begin += omp_get_num_threads() * range.size) {
    range.function(range.context, begin, std::min(range.count, begin + range.size));
  }
}

void run_in_team(Dim count, Dim grain, kernels::RangeFunction function, void* context) {
  const Dim parts = std::min<Dim>(at::get_num_threads(), (count + grain - 1) / grain);
  Range range = {count, (count + parts - 1) / parts, function, context};
  // Always the whole team (0), as LibTorch itself does: the runtime would rebuild a team of another
  // size each time.
  GOMP_parallel(&run_part, &range, 0, 0);
}

int num_threads() {
  return at::in_parallel_region() ? 1 : at::get_num_threads();
}

}  // namespace

bool can_use_cpu_kernels(TensorRefs tensors) {
  static const bool installed = [] {
    kernels::set_parallel_runner({&num_threads, &run_in_team});
    return true;
  }();
  (void)installed;
  c10::ScalarType dtype = c10::ScalarType::Undefined;
  for (const at::Tensor& tensor : tensors) {
    if (!tensor.defined()) continue;
    if (!tensor.is_cpu()) return false;
    if (dtype == c10::ScalarType::Undefined) dtype = tensor.scalar_type();
    if (tensor.scalar_type() != dtype) return false;
  }
  return dtype == at::kFloat || dtype == at::kBFloat16;
}

bool needs_grad(TensorRefs tensors) {
  return c10::GradMode::is_enabled() &&
         std::any_of(tensors.begin(), tensors.end(), [](const at::Tensor& tensor) {
           return tensor.defined() && tensor.requires_grad();
         });
}

}  // namespace lapidary::ops
