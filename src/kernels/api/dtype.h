// Element types of the kernels. Storage may be bfloat16; sums are always fp32.
#pragma once

#include <cstdint>

namespace lapidary::kernels {

enum class Dtype { kFloat32, kBFloat16 };

struct BFloat16 {
  uint16_t bits;
};

}  // namespace lapidary::kernels
