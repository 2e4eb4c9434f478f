// Dot products of rows with weight rows, both lying along the sum: the kernel behind linear, the
// router, the experts and the scores of cached keys.
//
// Each result is one vector of partial sums that runs over the whole of `in` and is folded at the
// end, whichever tile it falls in and however `in` is cut into calls: its bits depend on its own
// row and weight row only.
#pragma once

#include "kernels/cpu/simd/bfloat16.h"
#include "kernels/cpu/simd/unroll.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {

// How T is read for products. `Panel` is the element of a row (prepared where kIsPlain is false),
// kStep the elements of `in` that one step takes. accumulate adds the products of kRows rows and
// kOuts weight rows to `sums`; with kPrefetch it asks for the weights `ahead` elements further on.
template <typename S, typename T>
struct DotRows;

template <typename S>
struct DotRows<S, float> {
  using Float = typename S::Float;
  using Panel = float;
  static constexpr bool kIsPlain = true;
  static constexpr Dim kStep = S::kLanes;

  template <bool kPrefetch, int kRows, int kOuts>
  [[gnu::always_inline]] static void accumulate(const float* x, Dim x_stride, const float* w,
                                                Dim w_stride, Dim in, Dim ahead,
                                                Float (&sums)[kRows][kOuts]) {
    const Dim whole = in - in % kStep;
    for (Dim k = 0; k < whole; k += kStep) {
      Float row[kRows];
      unroll<kRows>([&](auto r) { row[r] = S::load(x + r * x_stride + k); });
      unroll<kOuts>([&](auto o) {
        const Float weight = S::load(w + o * w_stride + k);
        if constexpr (kPrefetch) __builtin_prefetch(w + o * w_stride + k + ahead);
        unroll<kRows>([&](auto r) { sums[r][o] = S::fma(row[r], weight, sums[r][o]); });
      });
    }
    if (whole == in) return;
    unroll<kOuts>([&](auto o) {
      const Float weight = S::load(w + o * w_stride + whole, in - whole);
      unroll<kRows>([&](auto r) {
        sums[r][o] = S::fma(S::load(x + r * x_stride + whole, in - whole), weight, sums[r][o]);
      });
    });
  }
};

// A prepared row is fp32, the elements of even and of odd index apart in each block of kStep, as
// shifting and masking split the weights; zeros fill the last block.
template <typename S>
struct DotRows<S, BFloat16> {
  using Float = typename S::Float;
  using Panel = float;
  static constexpr bool kIsPlain = false;
  static constexpr Dim kStep = 2 * S::kLanes;

  static void prepare(const BFloat16* row, Dim in, float* panel) {
    const Dim whole = in - in % kStep;
    for (Dim k = 0; k < whole; k += kStep) {
      S::store(panel + k, S::load_even(row + k));
      S::store(panel + k + S::kLanes, S::load_odd(row + k));
    }
    if (whole == in) return;
    for (Dim i = 0; i < kStep; ++i) {
      panel[whole + i / 2 + i % 2 * S::kLanes] = whole + i < in ? to_float(row[whole + i]) : 0.0F;
    }
  }

  template <int kRows, int kOuts>
  [[gnu::always_inline]] static void step(const float* x, Dim x_stride, const BFloat16* w,
                                          Dim w_stride, Float (&sums)[kRows][kOuts]) {
    Float row[kRows];
    unroll<kRows>([&](auto r) { row[r] = S::load(x + r * x_stride); });
    unroll<kOuts>([&](auto o) {
      const Float weight = S::load_even(w + o * w_stride);
      unroll<kRows>([&](auto r) { sums[r][o] = S::fma(row[r], weight, sums[r][o]); });
    });
    unroll<kRows>([&](auto r) { row[r] = S::load(x + r * x_stride + S::kLanes); });
    unroll<kOuts>([&](auto o) {
      const Float weight = S::load_odd(w + o * w_stride);
      unroll<kRows>([&](auto r) { sums[r][o] = S::fma(row[r], weight, sums[r][o]); });
    });
  }

  template <bool kPrefetch, int kRows, int kOuts>
  [[gnu::always_inline]] static void accumulate(const float* x, Dim x_stride, const BFloat16* w,
                                                Dim w_stride, Dim in, Dim ahead,
                                                Float (&sums)[kRows][kOuts]) {
    const Dim whole = in - in % kStep;
    for (Dim k = 0; k < whole; k += kStep) {
      if constexpr (kPrefetch) {
        unroll<kOuts>([&](auto o) { __builtin_prefetch(w + o * w_stride + k + ahead); });
      }
      step<kRows, kOuts>(x + k, x_stride, w + k, w_stride, sums);
    }
    if (whole == in) return;
    BFloat16 last[kOuts * kStep] = {};
    for (int o = 0; o < kOuts; ++o) {
      for (Dim k = whole; k < in; ++k) last[o * kStep + k - whole] = w[o * w_stride + k];
    }
    step<kRows, kOuts>(x + whole, x_stride, last, kStep, sums);
  }
};

// More rows are cut into pieces of `in` and go over the weights in blocks.
template <typename S, typename T>
constexpr Dim kMostStreamedRows = DotRows<S, T>::kIsPlain ? 6 : 4;

template <typename S>
struct DotTile {
  // The registers hold kRows x kOuts sums, kRows pieces of rows and one of weights.
  static constexpr int kRows = S::kNumRegisters == 16 ? 3 : 6;
  static constexpr int kOuts = 4;
  static constexpr int kOutsOfOneRow = 8;  // enough chains of sums to hide the latency of fma
};

// Weight rows of a tile: row o at data + o * stride; the one after it `ahead` elements on.
template <typename W>
struct DotWeights {
  const W* data;
  Dim stride;
  Dim ahead;
};

// Outputs out, out + apart, .. of rows row, row + 1, ...
template <typename S, bool kPrefetch, int kRows, int kOuts, typename W, typename T, typename Out>
inline void dot_tile(const DotBlock<T, Out>& block, const DotWeights<W>& weights, Dim row, Dim out,
                     Dim apart) {
  using Rows = DotRows<S, W>;
  typename S::Float sums[kRows][kOuts];
  const auto partial = [&](auto r, auto o) {
    return block.partial + ((out + o * apart) * block.rows + row + r) * S::kLanes;
  };
  unroll<kRows>([&](auto r) {
    unroll<kOuts>(
        [&](auto o) { sums[r][o] = block.is_first ? S::zero() : S::load(partial(r, o)); });
  });
  const auto* panel = static_cast<const typename Rows::Panel*>(block.panel);
  Rows::template accumulate<kPrefetch, kRows, kOuts>(panel + row * block.panel_stride,
                                                     block.panel_stride, weights.data,
                                                     weights.stride, block.in, weights.ahead, sums);
  if (!block.is_last) {
    unroll<kRows>(
        [&](auto r) { unroll<kOuts>([&](auto o) { S::store(partial(r, o), sums[r][o]); }); });
    return;
  }
  unroll<kRows>([&](auto r) {
    Out* to = block.output + (row + r) * block.output_stride + out;
    if constexpr (kOuts % 4 == 0) {
      unroll<kOuts / 4>([&](auto four) {
        constexpr int kFirst = 4 * four;
        alignas(16) float folded[4];
        _mm_store_ps(folded, S::sums(sums[r][kFirst], sums[r][kFirst + 1], sums[r][kFirst + 2],
                                     sums[r][kFirst + 3]));
        unroll<4>([&](auto i) { assign(to[(kFirst + i) * apart], folded[i]); });
      });
    } else {
      unroll<kOuts>([&](auto o) { assign(to[o * apart], S::sum(sums[r][o])); });
    }
  });
}

// kOuts outputs of the rows from `row` on.
template <typename S, int kOuts, int kRows = DotTile<S>::kRows, typename W, typename T,
          typename Out>
inline void dot_rows(const DotBlock<T, Out>& block, const DotWeights<W>& weights, Dim row, Dim out,
                     Dim apart) {
  if (row == 0 && row + kRows <= block.rows) {  // the first pass over these weights
    dot_tile<S, true, kRows, kOuts>(block, weights, row, out, apart);
    row += kRows;
  }
  for (; row + kRows <= block.rows; row += kRows) {
    dot_tile<S, false, kRows, kOuts>(block, weights, row, out, apart);
  }
  if constexpr (kRows > 1) {
    if (row < block.rows) dot_rows<S, kOuts, kRows - 1>(block, weights, row, out, apart);
  }
}

// Few rows are bound by reading the weights: each of the kOuts weight rows of a tile lies in its
// own stretch of memory and the tiles walk all stretches at once, since the processor fetches
// several long streams faster than one, and far faster than many short ones.
template <typename S, typename T, typename Out>
void dot_streams(const DotBlock<T, Out>& block) {
  using Tile = DotTile<S>;
  constexpr Dim kFarthest = 4096 / sizeof(T);
  const auto weights = [&](Dim out, Dim apart) {
    return DotWeights<T>{block.weight + out * block.weight_stride, apart * block.weight_stride,
                         block.in < kFarthest ? block.in : kFarthest};
  };
  Dim done = 0;
  if (block.rows == 1) {
    const Dim apart = block.num_outs / Tile::kOutsOfOneRow;
    for (Dim out = 0; out < apart; ++out) {
      dot_tile<S, false, 1, Tile::kOutsOfOneRow>(block, weights(out, apart), 0, out, apart);
    }
    done = apart * Tile::kOutsOfOneRow;
  }
  const Dim apart = (block.num_outs - done) / Tile::kOuts;
  for (Dim out = done; out < done + apart; ++out) {
    dot_rows<S, Tile::kOuts>(block, weights(out, apart), 0, out, apart);
  }
  for (Dim out = done + apart * Tile::kOuts; out < block.num_outs; ++out) {
    dot_rows<S, 1>(block, weights(out, 1), 0, out, 1);
  }
}

// kOuts adjacent outputs of all rows.
template <typename S, int kOuts, typename T, typename Out>
inline void dot_outs(const DotBlock<T, Out>& block, Dim out) {
  const T* weight = block.weight + out * block.weight_stride;
  const Dim ahead = kOuts * block.weight_stride;
  if constexpr (DotRows<S, T>::kIsPlain) {
    dot_rows<S, kOuts>(block, DotWeights<T>{weight, block.weight_stride, ahead}, 0, out, 1);
  } else {
    // Many rows: the weights are made fp32 once for all of them, in the order of the rows.
    alignas(64) float tile[kOuts * kDotPiece];
    for (int o = 0; o < kOuts; ++o) {
      const T* from = weight + o * block.weight_stride;
      for (Dim k = 0; k < block.in; k += 64 / sizeof(T)) __builtin_prefetch(from + k + ahead);
      DotRows<S, T>::prepare(from, block.in, tile + o * kDotPiece);
    }
    DotBlock<T, Out> whole = block;
    whole.in = (block.in + DotRows<S, T>::kStep - 1) / DotRows<S, T>::kStep * DotRows<S, T>::kStep;
    dot_rows<S, kOuts>(whole, DotWeights<float>{tile, kDotPiece, 0}, 0, out, 1);
  }
}

template <typename S, typename T, typename Out>
void dot_block(const DotBlock<T, Out>& block) {
  if (block.rows <= kMostStreamedRows<S, T>) {
    dot_streams<S>(block);
    return;
  }
  constexpr int kOuts = DotTile<S>::kOuts;
  Dim out = 0;
  for (; out + kOuts <= block.num_outs; out += kOuts) dot_outs<S, kOuts>(block, out);
  for (; out < block.num_outs; ++out) dot_outs<S, 1>(block, out);
}

}  // namespace lapidary::kernels
