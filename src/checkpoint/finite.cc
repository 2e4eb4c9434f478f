#include "checkpoint/finite.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace lapidary::checkpoint {
namespace {

// Values whose bits under `mask` all stand as in `pattern` are not finite.
template <typename Word, Word mask, Word pattern>
NonFinite scan(std::span<const std::byte> values) {
  constexpr size_t kBlock = 2048;
  std::array<Word, kBlock> words;
  NonFinite out;
  const size_t total = values.size() / sizeof(Word);
  for (size_t begin = 0; begin < total; begin += kBlock) {
    const size_t n = std::min(kBlock, total - begin);
    std::memcpy(words.data(), values.data() + begin * sizeof(Word), n * sizeof(Word));
    Word found = 0;  // no branch inside: the compiler makes vectors of this
    for (size_t i = 0; i < n; ++i)
      found = static_cast<Word>(found | static_cast<Word>((words[i] & mask) == pattern));
    if (found == 0) continue;
    for (size_t i = 0; i < n; ++i) {
      if ((words[i] & mask) == pattern && out.count++ == 0) out.first = begin + i;
    }
  }
  return out;
}

// The same with a pattern of all ones: the exponent of IEEE formats.
template <typename Word, Word mask>
NonFinite scan_exponent(std::span<const std::byte> values) {
  return scan<Word, mask, mask>(values);
}

}  // namespace

NonFinite find_non_finite(std::span<const std::byte> values, StoredDtype dtype) {
  switch (dtype) {
    case StoredDtype::kF32:
      return scan_exponent<uint32_t, 0x7f800000U>(values);
    case StoredDtype::kBF16:
      return scan_exponent<uint16_t, 0x7f80U>(values);
    case StoredDtype::kF16:
      return scan_exponent<uint16_t, 0x7c00U>(values);
    case StoredDtype::kF64:
      return scan_exponent<uint64_t, 0x7ff0000000000000U>(values);
    case StoredDtype::kC64: {
      NonFinite parts = scan_exponent<uint32_t, 0x7f800000U>(values);
      parts.first /= 2;
      return parts;
    }
    case StoredDtype::kF8E5M2:
      return scan_exponent<uint8_t, 0x7cU>(values);
    case StoredDtype::kF8E4M3:
      return scan_exponent<uint8_t, 0x7fU>(values);
    case StoredDtype::kF8E8M0:
      return scan_exponent<uint8_t, 0xffU>(values);
    case StoredDtype::kF8E4M3Fnuz:
    case StoredDtype::kF8E5M2Fnuz:
      return scan<uint8_t, 0xffU, 0x80U>(values);
    default:
      return {};
  }
}

}  // namespace lapidary::checkpoint
