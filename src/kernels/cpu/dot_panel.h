// Rows made ready for products with many weight rows, and the products: cuts long sums into pieces
// so that the rows stay in the second-level cache while the weights pass.
#pragma once

#include "kernels/cpu/scratch.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {

// At most so many rows make a panel; callers with more go panel by panel.
constexpr Dim kPanelRows = 96;

template <typename T>
struct DotPanel {
  const void* data;  // piece after piece, each [rows, stride]
  Dim rows;
  Dim in;
  Dim piece;               // elements of `in` in each piece but the last
  Dim stride;              // elements from row to row
  Dim piece_stride_bytes;  // from piece to piece
};

// input [rows, in], input_stride from row to row, must stay while the panel is used; so must the
// scratch slot, where rows are copied to unless they can be read as they lie.
template <typename T>
DotPanel<T> make_panel(const T* input, Dim input_stride, Dim rows, Dim in, ScratchSlot slot);

// output[r * output_stride + o] = row r times weight row o (at weight + o * weight_stride), for
// num_outs weight rows. Out is T or float. Uses the scratch slot kPartial.
template <typename T, typename Out>
void multiply(const DotPanel<T>& panel, const T* weight, Dim weight_stride, Dim num_outs,
              Out* output, Dim output_stride);

}  // namespace lapidary::kernels
