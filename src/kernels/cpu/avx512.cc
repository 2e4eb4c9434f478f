#include "kernels/cpu/simd/avx512.h"

#include "kernels/cpu/body/make_table.h"

namespace lapidary::kernels {

const KernelTable& avx512_table() {
  static constexpr KernelTable kTable = make_table<Avx512>();
  return kTable;
}

}  // namespace lapidary::kernels
