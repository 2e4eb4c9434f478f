// The element types of the safetensors format. Torch-free.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/dim.h"

namespace lapidary::checkpoint {

// In the reference library's order: writers put tensors of later dtypes first.
enum class StoredDtype {
  kBool,
  kF4,
  kF6E2M3,
  kF6E3M2,
  kU8,
  kI8,
  kF8E5M2,
  kF8E4M3,
  kF8E8M0,
  kF8E4M3Fnuz,
  kF8E5M2Fnuz,
  kI16,
  kU16,
  kF16,
  kBF16,
  kI32,
  kU32,
  kF32,
  kC64,
  kF64,
  kI64,
  kU64,
};

std::string_view to_string(StoredDtype dtype);  // as in a header: "BF16"
std::optional<StoredDtype> stored_dtype_from_name(std::string_view name);
uint64_t bits_per_element(StoredDtype dtype);  // 4, 6, 8, 16, 32 or 64

std::string stored_dtype_names();  // all of them, for messages

// Bytes of a tensor. Nothing when the product of its dims (a zero counts as one, so that strides
// cannot overflow either) does not fit in 63 bits or the last byte would not be whole.
std::optional<uint64_t> stored_bytes(StoredDtype dtype, std::span<const Dim> shape);

}  // namespace lapidary::checkpoint
