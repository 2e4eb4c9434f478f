// GeGLU, soft cap, and the statistics of a row of logits.
#pragma once

#include "kernels/cpu/simd/lanes.h"
#include "kernels/cpu/simd/math.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {

template <typename S, typename T>
void geglu_row(const T* gate, const T* up, T* output, Dim dim) {
  for_lanes<S>(dim, [&](Dim i, auto lanes) {
    const auto g = rounded<S, T>(gelu_tanh<S>(load<S>(gate + i, lanes)));
    store<S>(output + i, S::mul(g, load<S>(up + i, lanes)), lanes);
  });
}

template <typename S>
void softcap_row(float* logits, Dim count, float cap) {
  const auto c = S::set(cap);
  for_lanes<S>(count, [&](Dim i, auto lanes) {
    const auto x = load<S>(logits + i, lanes);
    store<S>(logits + i, S::mul(c, tanh<S>(S::div(x, c))), lanes);
  });
}

template <typename S>
float max_of_row(const float* row, Dim count) {
  auto best = S::set(-__builtin_inff());
  Dim i = 0;
  for (; i + S::kLanes <= count; i += S::kLanes) best = S::max(best, S::load(row + i));
  float out = S::max_lane(best);
  for (; i < count; ++i) out = row[i] > out ? row[i] : out;
  return out;
}

// Sums over a row of e = exp((x - largest) / temperature), and of e (x - largest) / temperature.
// Short vectors of fp32 sums are folded into fp64, so that a long row loses nothing.
template <typename S>
void exp_sums(const float* row, Dim count, float largest, float temperature, double* sum,
              double* weighted) {
  constexpr Dim kBlock = 1024;
  const auto top = S::set(largest);
  const auto t = S::set(temperature);
  const auto add = [](typename S::Float x, typename S::Float* e_sum, typename S::Float* e_x_sum) {
    const auto e = exp<S>(x);
    *e_sum = S::add(*e_sum, e);
    // Where e is 0, x may be minus infinity.
    *e_x_sum = S::add(*e_x_sum, S::select_less(x, S::set(-80.0F), S::zero(), S::mul(e, x)));
  };
  *sum = 0;
  *weighted = 0;
  for (Dim begin = 0; begin < count; begin += kBlock) {
    const Dim length = count - begin < kBlock ? count - begin : kBlock;
    auto block_sum = S::zero();
    auto block_weighted = S::zero();
    Dim i = begin;
    for (; i + S::kLanes <= begin + length; i += S::kLanes) {
      const auto x = S::div(S::sub(S::load(row + i), top), t);
      add(x, &block_sum, &block_weighted);
    }
    if (i < begin + length) {
      const Dim rest = begin + length - i;
      alignas(64) float lanes[S::kLanes];
      for (Dim j = 0; j < S::kLanes; ++j) lanes[j] = j < rest ? row[i + j] : -__builtin_inff();
      add(S::div(S::sub(S::load(lanes), top), t), &block_sum, &block_weighted);
    }
    *sum += S::sum(block_sum);
    *weighted += S::sum(block_weighted);
  }
}

}  // namespace lapidary::kernels
