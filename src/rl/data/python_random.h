// Python's random.Random for the two things that prompt order needs: seeding with an integer and
// shuffling. Mersenne Twister MT19937 (Matsumoto and Nishimura 1998) seeded by its array routine
// with the 32-bit digits of |seed|, getrandbits from the top bits, randbelow by rejection.
//
// Example: PythonRandom(42) shuffles {0, 1} to {1, 0}.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/dim.h"

namespace lapidary::rl {

class PythonRandom {
 public:
  explicit PythonRandom(int64_t seed);

  // Uniform in [0, bound), bound >= 1.
  uint64_t below(uint64_t bound);

  // Fisher-Yates from the back, as random.shuffle.
  template <typename Item>
  void shuffle(std::vector<Item>& items) {
    for (size_t last = items.size(); last-- > 1;) {
      std::swap(items[last], items[below(last + 1)]);
    }
  }

 private:
  static constexpr int kWords = 624;
  uint32_t next_word();
  uint64_t bits(int count);  // 1 to 64
  void refill();

  std::array<uint32_t, kWords> state_{};
  int position_ = kWords;
};

// Row order of an epoch: permutation[i] is the row served at place i. Seeded with seed + epoch.
std::vector<Dim> epoch_permutation(Dim num_rows, int64_t seed, int64_t epoch);

}  // namespace lapidary::rl
