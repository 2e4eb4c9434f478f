// Loops of constant length whose body must be unrolled, so that arrays of vectors indexed by the
// counter become registers.
#pragma once

#include <utility>

namespace lapidary::kernels {

// body(std::integral_constant<int, 0>), .., body(std::integral_constant<int, kCount - 1>)
template <int kCount, typename Body>
[[gnu::always_inline]] inline void unroll(Body&& body) {
  [&]<int... kIndex>(std::integer_sequence<int, kIndex...>) __attribute__((always_inline)) {
    (body(std::integral_constant<int, kIndex>{}), ...);
  }
  (std::make_integer_sequence<int, kCount>{});
}

}  // namespace lapidary::kernels
