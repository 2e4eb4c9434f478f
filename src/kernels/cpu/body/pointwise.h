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

template <typename S, typename T>
void geglu_backward_row(const GegluBackwardRow<T>& row, Dim dim) {
  constexpr float kTwoRootTwoOverPi = 1.5957691216057308F;
  const auto one = S::set(1.0F);
  for_lanes<S>(dim, [&](Dim i, auto lanes) {
    const auto x = load<S>(row.gate + i, lanes);
    const auto grad = load<S>(row.grad + i, lanes);
    const auto square = S::mul(x, x);
    // gelu(x) = x s with s = 1 / (1 + exp(-v)), v = 2 sqrt(2 / pi) (x + 0.044715 x^3).
    const auto v =
        S::mul(S::mul(x, S::fma(S::set(0.044715F), square, one)), S::set(kTwoRootTwoOverPi));
    const auto s = S::div(one, S::add(one, exp<S>(S::sub(S::zero(), v))));
    const auto slope =
        S::mul(S::fma(S::set(3 * 0.044715F), square, one), S::set(kTwoRootTwoOverPi));
    // d gelu / dx = s + x s (1 - s) dv / dx; the second term vanishes where s is 0 or 1.
    const auto bend = S::mul(S::mul(s, S::sub(one, s)), S::mul(x, slope));
    const auto bent = S::select_less(S::abs(x), S::set(1e4F), bend, S::zero());
    const auto up = load<S>(row.up + i, lanes);
    store<S>(row.grad_gate + i, S::mul(S::mul(grad, up), S::add(s, bent)), lanes);
    store<S>(row.grad_up + i, S::mul(grad, rounded<S, T>(S::mul(x, s))), lanes);
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
void logit_gradient_row(const LogitGradientRow& row, Dim count) {
  const auto one = S::set(1.0F);
  const auto largest = S::set(row.largest);
  const auto log_sum = S::set(row.log_sum);
  const auto entropy = S::set(row.entropy);
  const auto grad_log_prob = S::set(row.grad_log_prob);
  const auto grad_entropy = S::set(row.grad_entropy);
  const auto minus_inverse_temperature = S::set(-1.0F / row.temperature);
  const auto temperature = S::set(row.temperature);
  const auto inverse_cap = S::set(row.cap > 0 ? 1.0F / row.cap : 0.0F);
  for_lanes<S>(count, [&](Dim i, auto lanes) {
    const auto x = load<S>(row.logits + i, lanes);
    const auto log_p = S::sub(S::div(S::sub(x, largest), temperature), log_sum);
    const auto inner = S::fma(grad_entropy, S::add(log_p, entropy), grad_log_prob);
    const auto capped = S::mul(x, inverse_cap);
    const auto slope = S::neg_fma(capped, capped, one);
    const auto weight = S::mul(exp<S>(log_p), minus_inverse_temperature);
    store<S>(row.logits + i, S::mul(S::mul(weight, inner), slope), lanes);
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
