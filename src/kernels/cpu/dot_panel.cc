#include "kernels/cpu/dot_panel.h"

#include <algorithm>
#include <cstring>

namespace lapidary::kernels {
namespace {

constexpr Dim kOutsInPieces = 32;  // of which partial sums are kept beside the rows

Dim round_up(Dim value, Dim multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

template <typename T>
DotPanel<T> make_panel(const T* input, Dim input_stride, Dim rows, Dim in, ScratchSlot slot) {
  const TypedTable<T>& table = kernel_table().of<T>();
  const bool is_plain = table.prepare_row == nullptr;
  const Dim piece =
      std::max<Dim>(1, rows <= table.most_streamed_rows ? in : std::min(in, kDotPiece));
  if (is_plain && piece >= in) return {input, rows, in, piece, input_stride, 0};
  const Dim element_bytes = is_plain ? sizeof(T) : sizeof(float);
  const Dim stride = round_up(piece, kDotMultiple);
  const Dim piece_bytes = rows * stride * element_bytes;
  const Dim num_pieces = std::max<Dim>(1, (in + piece - 1) / piece);
  auto* data = reinterpret_cast<char*>(
      scratch(slot, num_pieces * piece_bytes / static_cast<Dim>(sizeof(float)) + 1));
  for (Dim r = 0; r < rows; ++r) {
    for (Dim k = 0; k < in; k += piece) {
      const T* from = input + r * input_stride + k;
      char* to = data + k / piece * piece_bytes + r * stride * element_bytes;
      const Dim count = std::min(piece, in - k);
      if (is_plain) {
        std::memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
      } else {
        table.prepare_row(from, count, reinterpret_cast<float*>(to));
      }
    }
  }
  return {data, rows, in, piece, stride, piece_bytes};
}

template <typename T, typename Out>
void multiply(const DotPanel<T>& panel, const T* weight, Dim weight_stride, Dim num_outs,
              Out* output, Dim output_stride) {
  const TypedTable<T>& table = kernel_table().of<T>();
  const bool is_whole = panel.piece >= panel.in;
  const Dim block_outs = is_whole ? num_outs : kOutsInPieces;
  float* partial =
      is_whole ? nullptr : scratch(ScratchSlot::kPartial, kOutsInPieces * panel.rows * kMostLanes);
  for (Dim out = 0; out < num_outs; out += block_outs) {
    for (Dim k = 0; k < panel.in || k == 0; k += panel.piece) {
      DotBlock<T, Out> block;
      block.panel = static_cast<const char*>(panel.data) +
                    (is_whole ? 0 : k / panel.piece * panel.piece_stride_bytes);
      block.panel_stride = panel.stride;
      block.rows = panel.rows;
      block.weight = weight + out * weight_stride + k;
      block.weight_stride = weight_stride;
      block.num_outs = std::min(block_outs, num_outs - out);
      block.in = std::min(panel.piece, panel.in - k);
      block.output = output + out;
      block.output_stride = output_stride;
      block.is_first = k == 0;
      block.is_last = k + panel.piece >= panel.in;
      block.partial = partial;
      if constexpr (sizeof(Out) == sizeof(T)) {
        table.dot(block);
      } else {
        table.dot_to_float(block);
      }
      if (is_whole) break;
    }
  }
}

template DotPanel<float> make_panel(const float*, Dim, Dim, Dim, ScratchSlot);
template DotPanel<BFloat16> make_panel(const BFloat16*, Dim, Dim, Dim, ScratchSlot);
template void multiply(const DotPanel<float>&, const float*, Dim, Dim, float*, Dim);
template void multiply(const DotPanel<BFloat16>&, const BFloat16*, Dim, Dim, BFloat16*, Dim);
template void multiply(const DotPanel<BFloat16>&, const BFloat16*, Dim, Dim, float*, Dim);

}  // namespace lapidary::kernels
