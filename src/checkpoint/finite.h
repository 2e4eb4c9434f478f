// Finds NaN and infinity in stored values, at about the speed of reading them. Torch-free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "checkpoint/stored_dtype.h"

namespace lapidary::checkpoint {

struct NonFinite {
  uint64_t count = 0;  // values that are NaN or infinite
  uint64_t first = 0;  // index of the first one, if any
};

// `values` is a whole number of elements, aligned or not. Integer dtypes, and the 4- and 6-bit
// floats (which have no such values), give a count of 0.
NonFinite find_non_finite(std::span<const std::byte> values, StoredDtype dtype);

}  // namespace lapidary::checkpoint
