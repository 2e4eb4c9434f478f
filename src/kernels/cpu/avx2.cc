#include "kernels/cpu/simd/avx2.h"

#include "kernels/cpu/body/make_table.h"

namespace lapidary::kernels {

const KernelTable& avx2_table() {
  static constexpr KernelTable kTable = make_table<Avx2>();
  return kTable;
}

}  // namespace lapidary::kernels
