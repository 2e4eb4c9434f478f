// The serial inner kernels of one instruction set, as a table of functions. body/ holds their
// templates; avx2.cc, avx512.cc and avx512_bf16.cc instantiate them, each compiled for its
// processor. What splits work over threads, sorts, or checks is written once, outside.
#pragma once

#include "base/dim.h"
#include "kernels/api/cpu.h"
#include "kernels/api/dtype.h"
#include "kernels/api/rope.h"

namespace lapidary::kernels {

// output[r, o] = sum of row r of the panel times weight row o. The sum may be cut into several
// calls that cover `in` in order, all but the last a multiple of kDotMultiple long; they pass the
// vectors of partial sums on through `partial`.
template <typename T, typename Out>
struct DotBlock {
  const void* panel;  // rows of T, or prepared rows where the table says so
  Dim panel_stride;   // in elements of the panel
  Dim rows;
  const T* weight;  // row o at weight + o * weight_stride
  Dim weight_stride;
  Dim num_outs;
  Dim in;
  Out* output;  // [r * output_stride + o]
  Dim output_stride;
  bool is_first = true;      // starts the sum
  bool is_last = true;       // ends it: output is written
  float* partial = nullptr;  // [num_outs, rows, kMostLanes]; null if this call does both
};
constexpr Dim kDotMultiple = 32;
constexpr Dim kDotPiece = 512;  // the longest `in` of a call with more rows than are streamed
constexpr Dim kMostLanes = 16;

// sums[r, :] += sum over keys of weights[r, key] * values[key, :], in the order of the keys.
template <typename T>
struct ValueBlock {
  const float* weights;  // [r * weights_stride + key]
  Dim weights_stride;
  Dim rows;
  const T* values;  // row `key` at values + key * values_stride
  Dim values_stride;
  Dim num_keys;
  float* sums;  // [r * sums_stride + d]
  Dim sums_stride;
  Dim dim;
};

// c[r, n] = (is_first ? 0 : c[r, n]) + sum over k of a[r, k] * b[k, n], in the order of k.
struct OuterProduct {
  const float* a;  // [r * a_row_stride + k * a_depth_stride]
  Dim a_row_stride;
  Dim a_depth_stride;
  const float* b;  // [k * b_stride + n]
  Dim b_stride;
  float* c;  // [r * c_stride + n]
  Dim c_stride;
  Dim rows;
  Dim columns;
  Dim depth;
  bool is_first;
};

// A block of scores on its way through a softmax that sees its keys block by block.
struct SoftmaxBlock {
  float* scores;  // [rows, stride]; becomes exp(score - largest), 0 outside the visible keys
  Dim rows;
  Dim stride;
  Dim columns;
  const int32_t* first;  // [rows]: the visible keys of a row are [first, last) of this block
  const int32_t* last;
  float* largest;  // [rows], in and out; -infinity before the first key
  float* sum;      // [rows], in and out
  float* output;   // [rows, dim]: rescaled when `largest` grows
  Dim dim;
};

template <typename T>
struct NormArrays {
  const T* residual;
  const T* input;
  const T* weight;  // null: scale-free
  const T* second;
  const T* second_weight;
  float scale;
  T* output;
};

template <typename T>
struct QkvArrays {
  const T* qkv;
  const T* q_norm;
  const T* k_norm;
  const T* cos;
  const T* sin;
  T* query;
  T* key;
  T* value;
};

template <typename T>
struct NormBackwardRows {
  const T* grad;
  const T* input;
  const T* weight;  // null: scale-free
  float factor;
  T* grad_input;
  float* grad_weight;  // [dim], added to; or null
  float* work;         // [dim]
};

template <typename T>
struct QkvBackwardRows {
  const T* qkv;
  const T* q_norm;
  const T* k_norm;
  const T* cos;
  const T* sin;
  const T* grad_query;
  const T* grad_key;
  const T* grad_value;
  T* grad_qkv;
  float* grad_q_norm;  // [head_dim], added to
  float* grad_k_norm;  // [head_dim], added to
  float* work;         // [2 * head_dim]
};

template <typename T>
struct GegluBackwardRow {
  const T* grad;
  const T* gate;
  const T* up;
  T* grad_gate;
  T* grad_up;
};

// Capped logits x, which become the gradient of the logits before the cap but for the target's
// share: -p (grad_log_prob + grad_entropy (log p + entropy)) / temperature (1 - (x / cap)^2).
struct LogitGradientRow {
  float* logits;
  float largest;
  float log_sum;
  float entropy;
  float grad_log_prob;
  float grad_entropy;
  float temperature;
  float cap;  // 0: none
};

// A block of scores and of the gradient of its probabilities, turned into probabilities and into
// the gradient of the scores.
struct SoftmaxBackwardBlock {
  float* scores;  // [rows, stride]; becomes exp(score - log_sum), 0 outside the visible keys
  float* grads;   // [rows, stride]; becomes probability * (grad - mean)
  Dim rows;
  Dim stride;
  Dim columns;
  const int32_t* first;  // [rows]: the visible keys of a row are [first, last) of this block
  const int32_t* last;
  const float* log_sum;  // [rows]
  const float* mean;     // [rows] sum over all keys of probability * grad
};

template <typename T>
struct TypedTable {
  // Rows of T become rows of fp32, padded to a multiple of kDotMultiple; null: taken as they are.
  void (*prepare_row)(const T* row, Dim in, float* panel);
  Dim most_streamed_rows;  // so few rows are best at reading the weights in one go
  void (*dot)(const DotBlock<T, T>& block);
  void (*dot_to_float)(const DotBlock<T, float>& block);
  void (*add_values)(const ValueBlock<T>& block);

  // Rows [begin, end).
  void (*norm)(const NormArrays<T>& arrays, Dim dim, float eps, Dim begin, Dim end);
  void (*add_norm)(const NormArrays<T>& arrays, Dim dim, float eps, Dim begin, Dim end);
  void (*sum_norm)(const NormArrays<T>& arrays, Dim dim, float eps, Dim begin, Dim end);
  void (*qkv_norm_rope)(const QkvArrays<T>& arrays, const QkvShape& shape, Dim begin, Dim end);

  // Rows [begin, end), adding to the gradients of weights.
  void (*norm_backward)(const NormBackwardRows<T>& arrays, Dim dim, float eps, Dim begin, Dim end);
  void (*qkv_backward)(const QkvBackwardRows<T>& arrays, const QkvShape& shape, Dim begin, Dim end);
  void (*geglu_backward_row)(const GegluBackwardRow<T>& row, Dim dim);

  void (*geglu_row)(const T* gate, const T* up, T* output, Dim dim);
  void (*router_row)(const T* residual, const T* scale, Dim dim, float eps, T* output);
  void (*read_row)(const T* row, float* output, Dim count);
  void (*write_row)(const float* row, float factor, T* output, Dim count);
  void (*add_scaled_row)(T* to, const T* from, float factor, Dim count);
  void (*transpose)(const T* rows, Dim stride, Dim num_rows, Dim dim, float* output,
                    Dim output_stride);
};

struct KernelTable {
  TypedTable<float> float32;
  TypedTable<BFloat16> bfloat16;

  void (*outer_product)(const OuterProduct& product);
  void (*online_softmax)(const SoftmaxBlock& block);
  void (*softmax_backward)(const SoftmaxBackwardBlock& block);
  float (*dot_rows)(const float* a, const float* b, Dim count);
  void (*add_row)(float* to, const float* from, Dim count);
  float (*max_of_row)(const float* row, Dim count);
  float (*exp_row)(float* scores, Dim count, float largest);
  void (*exp_sums)(const float* row, Dim count, float largest, float temperature, double* sum,
                   double* weighted);
  void (*logit_gradient_row)(const LogitGradientRow& row, Dim count);
  void (*softcap_row)(float* logits, Dim count, float cap);
  void (*blend_row)(float* to, float to_factor, const float* from, float from_factor, Dim count);

  template <typename T>
  const TypedTable<T>& of() const {
    if constexpr (sizeof(T) == sizeof(float)) {
      return float32;
    } else {
      return bfloat16;
    }
  }
};

const KernelTable& avx2_table();
const KernelTable& avx512_table();
const KernelTable& avx512_bf16_table();

// The table of cpu_level().
const KernelTable& kernel_table();

}  // namespace lapidary::kernels
