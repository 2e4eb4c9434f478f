#include "checkpoint/stored_dtype.h"

#include <array>
#include <limits>

namespace lapidary::checkpoint {
namespace {

struct DtypeFact {
  StoredDtype dtype;
  std::string_view name;
  uint64_t bits;
};

constexpr std::array<DtypeFact, 22> kDtypes = {{
    {StoredDtype::kBool, "BOOL", 8},
    {StoredDtype::kF4, "F4", 4},
    {StoredDtype::kF6E2M3, "F6_E2M3", 6},
    {StoredDtype::kF6E3M2, "F6_E3M2", 6},
    {StoredDtype::kU8, "U8", 8},
    {StoredDtype::kI8, "I8", 8},
    {StoredDtype::kF8E5M2, "F8_E5M2", 8},
    {StoredDtype::kF8E4M3, "F8_E4M3", 8},
    {StoredDtype::kF8E8M0, "F8_E8M0", 8},
    {StoredDtype::kF8E4M3Fnuz, "F8_E4M3FNUZ", 8},
    {StoredDtype::kF8E5M2Fnuz, "F8_E5M2FNUZ", 8},
    {StoredDtype::kI16, "I16", 16},
    {StoredDtype::kU16, "U16", 16},
    {StoredDtype::kF16, "F16", 16},
    {StoredDtype::kBF16, "BF16", 16},
    {StoredDtype::kI32, "I32", 32},
    {StoredDtype::kU32, "U32", 32},
    {StoredDtype::kF32, "F32", 32},
    {StoredDtype::kC64, "C64", 64},
    {StoredDtype::kF64, "F64", 64},
    {StoredDtype::kI64, "I64", 64},
    {StoredDtype::kU64, "U64", 64},
}};

const DtypeFact& fact(StoredDtype dtype) {
  return kDtypes[static_cast<size_t>(dtype)];
}

}  // namespace

std::string stored_dtype_names() {
  std::string out;
  for (const DtypeFact& each : kDtypes) {
    if (!out.empty()) out += ", ";
    out += each.name;
  }
  return out;
}

std::string_view to_string(StoredDtype dtype) {
  return fact(dtype).name;
}

std::optional<StoredDtype> stored_dtype_from_name(std::string_view name) {
  for (const DtypeFact& each : kDtypes) {
    if (each.name == name) return each.dtype;
  }
  return std::nullopt;
}

uint64_t bits_per_element(StoredDtype dtype) {
  return fact(dtype).bits;
}

std::optional<uint64_t> stored_bytes(StoredDtype dtype, std::span<const Dim> shape) {
  const uint64_t bits_each = bits_per_element(dtype);
  const auto limit = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) / bits_each;
  uint64_t product = 1;
  bool is_empty = false;
  for (const Dim dim : shape) {
    if (dim < 0) return std::nullopt;
    if (dim == 0) {
      is_empty = true;
    } else if (static_cast<uint64_t>(dim) > limit / product) {
      return std::nullopt;
    } else {
      product *= static_cast<uint64_t>(dim);
    }
  }
  const uint64_t bits = (is_empty ? 0 : product) * bits_each;
  if (bits % 8 != 0) return std::nullopt;
  return bits / 8;
}

}  // namespace lapidary::checkpoint
