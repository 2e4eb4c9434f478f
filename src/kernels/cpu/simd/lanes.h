// Walking rows whose length need not be a multiple of the vector: `body(index, lanes)` is called
// with all lanes and, for the rest, with some; load and store take either.
#pragma once

#include "base/dim.h"

namespace lapidary::kernels {

struct AllLanes {};
struct SomeLanes {
  Dim count;
};

template <typename S, typename T>
[[gnu::always_inline]] inline typename S::Float load(const T* from, AllLanes) {
  return S::load(from);
}
template <typename S, typename T>
[[gnu::always_inline]] inline typename S::Float load(const T* from, SomeLanes lanes) {
  return S::load(from, lanes.count);  // the other lanes are 0
}
template <typename S, typename T>
[[gnu::always_inline]] inline void store(T* to, typename S::Float value, AllLanes) {
  S::store(to, value);
}
template <typename S, typename T>
[[gnu::always_inline]] inline void store(T* to, typename S::Float value, SomeLanes lanes) {
  S::store(to, value, lanes.count);
}

template <typename S, typename Body>
[[gnu::always_inline]] inline void for_lanes(Dim count, Body&& body) {
  Dim i = 0;
  for (; i + S::kLanes <= count; i += S::kLanes) body(i, AllLanes{});
  if (i < count) body(i, SomeLanes{count - i});
}

// `value` as it reads back after being stored as a T.
template <typename S, typename T>
[[gnu::always_inline]] inline typename S::Float rounded(typename S::Float value) {
  return S::round_to(value, static_cast<const T*>(nullptr));
}

}  // namespace lapidary::kernels
