#include "checkpoint/finite.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace lapidary::checkpoint {
namespace {

template <typename Value>
NonFinite scan(const std::vector<Value>& values, StoredDtype dtype) {
  return find_non_finite(std::as_bytes(std::span(values)), dtype);
}

TEST(Finite, FindsNanAndInfinityAnywhereInALongRow) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> values(10'000, std::numeric_limits<float>::max());
  EXPECT_EQ(scan(values, StoredDtype::kF32).count, 0U);
  for (const size_t at : {size_t{0}, size_t{2047}, size_t{2048}, size_t{9999}}) {
    for (const float bad : {std::nanf(""), kInfinity, -kInfinity}) {
      std::vector<float> copy = values;
      copy[at] = bad;
      const NonFinite found = scan(copy, StoredDtype::kF32);
      EXPECT_EQ(found.count, 1U);
      EXPECT_EQ(found.first, at);
    }
  }
  values[3000] = values[9000] = std::nanf("");
  EXPECT_EQ(scan(values, StoredDtype::kF32).count, 2U);
  EXPECT_EQ(scan(values, StoredDtype::kF32).first, 3000U);
}

TEST(Finite, KnowsTheBitsOfEveryFloatType) {
  EXPECT_EQ(scan<uint16_t>({0x7f7f, 0xff80, 0x7fc0, 0x0001}, StoredDtype::kBF16).count, 2U);
  EXPECT_EQ(scan<uint16_t>({0x7bff, 0x7c00, 0xfe00, 0x7f80}, StoredDtype::kF16).count, 3U);
  EXPECT_EQ(scan<double>({1e308, std::nan("")}, StoredDtype::kF64).first, 1U);
  EXPECT_EQ(scan<float>({0, 0, 0, std::nanf("")}, StoredDtype::kC64).first, 1U);
  EXPECT_EQ(scan<uint8_t>({0x7b, 0x7c, 0xff}, StoredDtype::kF8E5M2).count, 2U);
  EXPECT_EQ(scan<uint8_t>({0x7e, 0x7f, 0xff}, StoredDtype::kF8E4M3).count, 2U);
  EXPECT_EQ(scan<uint8_t>({0xfe, 0xff}, StoredDtype::kF8E8M0).count, 1U);
  EXPECT_EQ(scan<uint8_t>({0x7f, 0x80}, StoredDtype::kF8E4M3Fnuz).count, 1U);
  EXPECT_EQ(scan<uint8_t>({0xff, 0x80}, StoredDtype::kU8).count, 0U);
  EXPECT_EQ(scan<int64_t>({-1}, StoredDtype::kI64).count, 0U);
}

TEST(Finite, ReadsValuesThatAreNotAligned) {
  const std::vector<float> values = {1.0F, std::nanf(""), 2.0F};
  std::vector<std::byte> shifted(1 + values.size() * sizeof(float));
  std::memcpy(shifted.data() + 1, values.data(), values.size() * sizeof(float));
  EXPECT_EQ(find_non_finite(std::span(shifted).subspan(1), StoredDtype::kF32).first, 1U);
}

}  // namespace
}  // namespace lapidary::checkpoint
