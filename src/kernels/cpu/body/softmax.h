// Pieces of attention and of the experts on rows.
#pragma once

#include "kernels/cpu/body/norm.h"
#include "kernels/cpu/body/pointwise.h"
#include "kernels/cpu/simd/bfloat16.h"
#include "kernels/cpu/simd/transpose.h"

namespace lapidary::kernels {

// Replaces a row of scores x by exp(x - largest) and returns their sum.
template <typename S>
float exp_row(float* scores, Dim count, float largest) {
  const auto top = S::set(largest);
  auto sum = S::zero();
  for_lanes<S>(count, [&](Dim i, auto lanes) {
    store<S>(scores + i, exp<S>(S::sub(load<S>(scores + i, lanes), top)), lanes);
    sum = S::add(sum, load<S>(scores + i, lanes));
  });
  return S::sum(sum);
}

// to = to * to_factor + from * from_factor.
template <typename S>
void blend_row(float* to, float to_factor, const float* from, float from_factor, Dim count) {
  const auto a = S::set(to_factor);
  const auto b = S::set(from_factor);
  for_lanes<S>(count, [&](Dim i, auto lanes) {
    const auto scaled = S::mul(load<S>(to + i, lanes), a);
    store<S>(to + i, S::fma(load<S>(from + i, lanes), b, scaled), lanes);
  });
}

// output = row * factor, rounded to T.
template <typename S, typename T>
void write_row(const float* row, float factor, T* output, Dim count) {
  const auto f = S::set(factor);
  for_lanes<S>(count, [&](Dim i, auto lanes) {
    store<S>(output + i, S::mul(load<S>(row + i, lanes), f), lanes);
  });
}

// fp32 copy of a row of T.
template <typename S, typename T>
void read_row(const T* row, float* output, Dim count) {
  for_lanes<S>(count,
               [&](Dim i, auto lanes) { store<S>(output + i, load<S>(row + i, lanes), lanes); });
}

// to = round(to + round(from * factor)): one expert's share of a token.
template <typename S, typename T>
void add_scaled_row(T* to, const T* from, float factor, Dim count) {
  const auto f = S::set(factor);
  for_lanes<S>(count, [&](Dim i, auto lanes) {
    const auto share = rounded<S, T>(S::mul(load<S>(from + i, lanes), f));
    store<S>(to + i, S::add(load<S>(to + i, lanes), share), lanes);
  });
}

template <typename S>
inline void softmax_row(const SoftmaxBlock& block, Dim row) {
  constexpr float kInfinity = __builtin_inff();
  float* scores = block.scores + row * block.stride;
  const Dim first = block.first[row];
  const Dim last = block.last[row];
  if (first >= last) {
    for (Dim i = 0; i < block.columns; ++i) scores[i] = 0.0F;
    return;
  }
  for (Dim i = 0; i < first; ++i) scores[i] = -kInfinity;
  for (Dim i = last; i < block.columns; ++i) scores[i] = -kInfinity;
  const float before = block.largest[row];
  const float here = max_of_row<S>(scores, block.columns);
  const float largest = here > before ? here : before;
  const float sum = exp_row<S>(scores, block.columns, largest);
  block.largest[row] = largest;
  if (before == largest || before == -kInfinity) {
    block.sum[row] += sum;
    return;
  }
  const float shrink = S::first_lane(exp<S>(S::set(before - largest)));
  block.sum[row] = block.sum[row] * shrink + sum;
  float* output = block.output + row * block.dim;
  const auto factor = S::set(shrink);
  for_lanes<S>(block.dim, [&](Dim i, auto lanes) {
    store<S>(output + i, S::mul(load<S>(output + i, lanes), factor), lanes);
  });
}

template <typename S>
void online_softmax(const SoftmaxBlock& block) {
  for (Dim row = 0; row < block.rows; ++row) softmax_row<S>(block, row);
}

// output[c * output_stride + r] = rows[r * stride + c]
template <typename S, typename T>
void transpose_rows(const T* rows, Dim stride, Dim num_rows, Dim dim, float* output,
                    Dim output_stride) {
  const Dim whole_rows = num_rows - num_rows % 8;
  const Dim whole_dim = dim - dim % 8;
  for (Dim r = 0; r < whole_rows; r += 8) {
    for (Dim c = 0; c < whole_dim; c += 8) {
      transpose_8x8<S>(rows + r * stride + c, stride, output + c * output_stride + r,
                       output_stride);
    }
  }
  for (Dim r = 0; r < num_rows; ++r) {
    for (Dim c = r < whole_rows ? whole_dim : 0; c < dim; ++c) {
      output[c * output_stride + r] = to_float(rows[r * stride + c]);
    }
  }
}

// The input of the router's projection: scale-free norm, times scale, times dim^-0.5, each rounded.
template <typename S, typename T>
void router_row(const T* residual, const T* scale, Dim dim, float eps, T* output) {
  const auto inverse = inverse_root<S>(residual, dim, eps);
  const auto root = S::set(static_cast<float>(1.0 / __builtin_sqrt(static_cast<double>(dim))));
  for_lanes<S>(dim, [&](Dim i, auto lanes) {
    const auto y = rounded<S, T>(S::mul(load<S>(residual + i, lanes), inverse));
    const auto scaled = rounded<S, T>(S::mul(y, load<S>(scale + i, lanes)));
    store<S>(output + i, S::mul(scaled, root), lanes);
  });
}

}  // namespace lapidary::kernels
