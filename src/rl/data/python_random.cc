#include "rl/data/python_random.h"

#include <bit>
#include <numeric>

#include "base/check.h"

namespace lapidary::rl {

PythonRandom::PythonRandom(int64_t seed) {
  const uint64_t magnitude =
      seed < 0 ? 0 - static_cast<uint64_t>(seed) : static_cast<uint64_t>(seed);
  const std::array<uint32_t, 2> digits = {static_cast<uint32_t>(magnitude),
                                          static_cast<uint32_t>(magnitude >> 32)};
  const uint32_t num_digits = digits[1] != 0 ? 2 : 1;

  state_[0] = 19650218U;
  for (uint32_t i = 1; i < kWords; ++i) {
    state_[i] = 1812433253U * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
  }
  uint32_t at = 1;
  uint32_t digit = 0;
  const auto wrap = [&] {
    if (++at >= kWords) {
      state_[0] = state_[kWords - 1];
      at = 1;
    }
  };
  for (int step = 0; step < kWords; ++step) {
    state_[at] = (state_[at] ^ ((state_[at - 1] ^ (state_[at - 1] >> 30)) * 1664525U)) +
                 digits[digit] + digit;
    wrap();
    digit = digit + 1 < num_digits ? digit + 1 : 0;
  }
  for (int step = 0; step < kWords - 1; ++step) {
    state_[at] = (state_[at] ^ ((state_[at - 1] ^ (state_[at - 1] >> 30)) * 1566083941U)) - at;
    wrap();
  }
  state_[0] = 0x80000000U;
}

void PythonRandom::refill() {
  constexpr int kShift = 397;
  for (int i = 0; i < kWords; ++i) {
    const auto here = static_cast<size_t>(i);
    const auto next = static_cast<size_t>((i + 1) % kWords);
    const auto far = static_cast<size_t>((i + kShift) % kWords);
    const uint32_t mixed = (state_[here] & 0x80000000U) | (state_[next] & 0x7FFFFFFFU);
    state_[here] = state_[far] ^ (mixed >> 1) ^ ((mixed & 1U) != 0 ? 0x9908B0DFU : 0U);
  }
  position_ = 0;
}

uint32_t PythonRandom::next_word() {
  if (position_ == kWords) {
    refill();
  }
  uint32_t word = state_[static_cast<size_t>(position_++)];
  word ^= word >> 11;
  word ^= (word << 7) & 0x9D2C5680U;
  word ^= (word << 15) & 0xEFC60000U;
  return word ^ (word >> 18);
}

uint64_t PythonRandom::bits(int count) {
  if (count <= 32) {
    return next_word() >> (32 - count);
  }
  const uint64_t low = next_word();  // the low word is drawn first
  return low | (uint64_t{next_word() >> (64 - count)} << 32);
}

uint64_t PythonRandom::below(uint64_t bound) {
  LAPIDARY_CHECK(bound > 0, "nothing lies below 0");
  const int count = std::bit_width(bound);
  uint64_t drawn = bits(count);
  while (drawn >= bound) {
    drawn = bits(count);
  }
  return drawn;
}

std::vector<Dim> epoch_permutation(Dim num_rows, int64_t seed, int64_t epoch) {
  std::vector<Dim> order(static_cast<size_t>(num_rows));
  std::iota(order.begin(), order.end(), Dim{0});
  PythonRandom(seed + epoch).shuffle(order);
  return order;
}

}  // namespace lapidary::rl
