#include "kernels/cpu/simd/avx512_bf16.h"

#include "kernels/cpu/body/dot_bf16.h"
#include "kernels/cpu/body/make_table.h"

namespace lapidary::kernels {

const KernelTable& avx512_bf16_table() {
  static constexpr KernelTable kTable = make_table<Avx512Bf16>();
  return kTable;
}

}  // namespace lapidary::kernels
