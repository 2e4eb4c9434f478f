#include "model/attention_context.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "base/check.h"

namespace lapidary::model {

namespace {

at::Tensor positions_of(const std::vector<Dim>& starts, c10::Device device) {
  const at::Tensor positions = at::empty({starts.back()}, at::kLong);
  int64_t* out = positions.data_ptr<int64_t>();
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    for (Dim row = starts[i]; row < starts[i + 1]; ++row) out[row] = row - starts[i];
  }
  return positions.to(device);
}

}  // namespace

Dim AttentionContext::end_position() const {
  const at::Tensor& all = positions();
  return all.numel() == 0 ? 0 : all.max().item().toLong() + 1;
}

PackedContext::PackedContext(const std::vector<Dim>& starts, c10::Device device) {
  LAPIDARY_CHECK(!starts.empty() && starts.front() == 0, "packed sequences: offsets start at 0");
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    LAPIDARY_CHECK(starts[i] <= starts[i + 1], "packed sequences: offset ", starts[i + 1],
                   " after ", starts[i]);
    longest_ = std::max(longest_, starts[i + 1] - starts[i]);
  }
  positions_ = positions_of(starts, device);
  rows_ = ops::PackedRows::self(starts).on_device(device);
}

at::Tensor PackedContext::attend(const AttentionLayer& layer, const at::Tensor& query,
                                 const at::Tensor& key, const at::Tensor& value) {
  return ops::packed_attention(query, key, value, rows_, layer.window);
}

}  // namespace lapidary::model
