#include <ATen/ops/constant_pad_nd.h>

#include <array>

#include "ops/reference.h"

namespace lapidary::ops::reference {

namespace {

// MKL computes most rows in one way, but a row that is left over (from the batch, or from a
// thread's share of it) as a matrix-vector product, which sums in another order. Whole tiles leave
// none over.
constexpr Dim kTileRows = 16;

}  // namespace

at::Tensor linear(const at::Tensor& input, const at::Tensor& weight) {
  const Dim rows = input.size(0);
  const Dim missing = (kTileRows - rows % kTileRows) % kTileRows;
  if (!input.is_cpu() || input.scalar_type() != at::kFloat || missing == 0)
    return input.matmul(weight.t());
  const at::Tensor whole = at::constant_pad_nd(input, std::array<Dim, 4>{0, 0, 0, missing});
  return whole.matmul(weight.t()).narrow(0, 0, rows);
}

}  // namespace lapidary::ops::reference
