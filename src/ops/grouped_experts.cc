#include "ops/grouped_experts.h"

#include <ATen/ops/_grouped_mm.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/searchsorted.h>

#include "ops/geglu.h"

namespace lapidary::ops {

namespace {

constexpr Dim kAlignmentBytes = 16;  // of every row of every operand

bool is_aligned(const at::Tensor& tensor) {
  return tensor.size(-1) * static_cast<Dim>(tensor.element_size()) % kAlignmentBytes == 0;
}

}  // namespace

bool can_use_grouped_experts(const at::Tensor& input, const at::Tensor& gate_up,
                             const at::Tensor& down) {
  return input.is_cuda() && input.size(0) > 0 && is_aligned(input) && is_aligned(gate_up) &&
         is_aligned(down);
}

at::Tensor grouped_experts(const at::Tensor& input, const at::Tensor& gate_up,
                           const at::Tensor& down, const Routing& routing) {
  const Dim tokens = input.size(0);
  const Dim top_k = routing.experts.size(1);
  const auto [sorted, order] = routing.experts.flatten().sort(/*stable=*/true, /*dim=*/0,
                                                              /*descending=*/false);
  // Of each expert, where its rows end among the sorted ones.
  const at::Tensor ids = at::arange(down.size(0), sorted.options());
  const at::Tensor ends = at::searchsorted(sorted, ids, /*out_int32=*/true, /*right=*/true);
  // A copy of its token for every choice: then the permutation is one to one, and its backward adds
  // in a fixed order.
  const at::Tensor chosen =
      input.unsqueeze(1).expand({tokens, top_k, input.size(1)}).reshape({-1, input.size(1)});
  const at::Tensor permuted = chosen.index_select(0, order);
  const at::Tensor inner = geglu(at::_grouped_mm(permuted, gate_up.transpose(1, 2), ends));
  const at::Tensor outer = at::_grouped_mm(inner, down.transpose(1, 2), ends);
  const at::Tensor weights = routing.weights.flatten().index_select(0, order);
  const at::Tensor weighted = outer.mul(weights.unsqueeze(-1)).to(input.scalar_type());
  return weighted.index_select(0, order.argsort())
      .view({tokens, top_k, input.size(1)})
      .sum(1, /*keepdim=*/false, at::kFloat)
      .to(input.scalar_type());
}

}  // namespace lapidary::ops
