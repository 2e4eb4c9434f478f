// AdamW on a stretch of parameters.
#pragma once

#include "kernels/cpu/simd/lanes.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {

template <typename S, typename T>
void adamw_row(const AdamWRow<T>& row, const AdamWFactors& factors, Dim count) {
  const auto decay = S::set(factors.decay);
  const auto one_minus_beta1 = S::set(factors.one_minus_beta1);
  const auto beta2 = S::set(factors.beta2);
  const auto one_minus_beta2 = S::set(factors.one_minus_beta2);
  const auto root = S::set(factors.root_correction2);
  const auto eps = S::set(factors.eps);
  const auto step = S::set(factors.step);
  for_lanes<S>(count, [&](Dim i, auto lanes) {
    const auto g = load<S>(row.gradient + i, lanes);
    const auto before = load<S>(row.moment + i, lanes);
    const auto moment = S::fma(S::sub(g, before), one_minus_beta1, before);
    const auto second =
        S::fma(S::mul(g, g), one_minus_beta2, S::mul(load<S>(row.second_moment + i, lanes), beta2));
    const auto scale = S::add(S::div(S::sqrt(second), root), eps);
    const auto value =
        S::neg_fma(step, S::div(moment, scale), S::mul(load<S>(row.value + i, lanes), decay));
    store<S>(row.moment + i, moment, lanes);
    store<S>(row.second_moment + i, second, lanes);
    store<S>(row.value + i, value, lanes);
    if (row.rounded != nullptr) store<S>(row.rounded + i, value, lanes);
  });
}

}  // namespace lapidary::kernels
