// The one signed integer for extents, positions and counts. size_t is for bytes and containers
// only; kernels narrow to int32_t once, at launch.
#pragma once

#include <cstdint>

namespace lapidary {

using Dim = int64_t;

}  // namespace lapidary
