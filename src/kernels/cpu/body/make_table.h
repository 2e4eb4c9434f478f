// The table of one instruction set, from the templates beside this file.
#pragma once

#include "kernels/cpu/body/dot.h"
#include "kernels/cpu/body/norm.h"
#include "kernels/cpu/body/outer.h"
#include "kernels/cpu/body/pointwise.h"
#include "kernels/cpu/body/rope.h"
#include "kernels/cpu/body/softmax.h"
#include "kernels/cpu/body/values.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {

template <typename S, typename T>
constexpr TypedTable<T> make_typed_table() {
  TypedTable<T> table{};
  if constexpr (!DotRows<S, T>::kIsPlain) table.prepare_row = &DotRows<S, T>::prepare;
  table.most_streamed_rows = kMostStreamedRows<S, T>;
  table.dot = &dot_block<S, T, T>;
  table.dot_to_float = &dot_block<S, T, float>;
  table.add_values = &add_values<S, T>;
  table.norm = &norm_rows<S, T>;
  table.add_norm = &add_norm_rows<S, T>;
  table.sum_norm = &sum_norm_rows<S, T>;
  table.qkv_norm_rope = &qkv_norm_rope_rows<S, T>;
  table.norm_backward = &norm_backward_rows<S, T>;
  table.qkv_backward = &qkv_backward_rows<S, T>;
  table.geglu_backward_row = &geglu_backward_row<S, T>;
  table.geglu_row = &geglu_row<S, T>;
  table.router_row = &router_row<S, T>;
  table.read_row = &read_row<S, T>;
  table.write_row = &write_row<S, T>;
  table.add_scaled_row = &add_scaled_row<S, T>;
  table.transpose = &transpose_rows<S, T>;
  return table;
}

template <typename S>
constexpr KernelTable make_table() {
  KernelTable table{};
  table.float32 = make_typed_table<S, float>();
  table.bfloat16 = make_typed_table<S, BFloat16>();
  table.outer_product = &outer_product<S>;
  table.online_softmax = &online_softmax<S>;
  table.softmax_backward = &softmax_backward<S>;
  table.dot_rows = &dot_of_rows<S>;
  table.add_row = &add_row<S>;
  table.max_of_row = &max_of_row<S>;
  table.exp_row = &exp_row<S>;
  table.exp_sums = &exp_sums<S>;
  table.logit_gradient_row = &logit_gradient_row<S>;
  table.softcap_row = &softcap_row<S>;
  table.blend_row = &blend_row<S>;
  return table;
}

}  // namespace lapidary::kernels
