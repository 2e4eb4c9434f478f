#include "ops/attention.h"

#include <ATen/ops/tensor.h>

#include "base/check.h"
#include "ops/reference.h"
#include "ops/varlen_attention.h"
#include "tensor/shape.h"

namespace lapidary::ops {

namespace {

void check_packed(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                  const PackedRows& rows) {
  LAPIDARY_CHECK(rows.query_starts.size() > 1 && rows.query_starts.size() == rows.key_starts.size(),
                 "packed rows: ", rows.query_starts.size(), " query and ", rows.key_starts.size(),
                 " key offsets");
  expect_shape(query, "query", {rows.query_starts.back(), kAnyExtent, kAnyExtent});
  expect_shape(key, "key", {rows.key_starts.back(), kAnyExtent, query.size(2)});
  expect_shape(value, "value", {key.size(0), key.size(1), key.size(2)});
  LAPIDARY_CHECK(query.size(1) % key.size(1) == 0, query.size(1), " heads over ", key.size(1),
                 " kv heads");
}

at::Tensor int32_offsets(const std::vector<Dim>& starts, c10::Device device) {
  return at::tensor(starts, at::kLong).to(at::TensorOptions().dtype(at::kInt).device(device));
}

}  // namespace

PackedRows PackedRows::on_device(c10::Device device) const {
  if (device.is_cpu()) return *this;
  return {query_starts, key_starts, int32_offsets(query_starts, device),
          int32_offsets(key_starts, device)};
}

at::Tensor packed_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                            const PackedRows& rows, Dim window) {
  check_packed(query, key, value, rows);
  if (can_use_varlen_attention(query, key))
    return varlen_attention(query, key, value, rows, window);
  return reference::packed_attention(query, key, value, rows, window);
}

at::Tensor decode_attention(const at::Tensor& query, std::span<const CacheRun> runs,
                            std::span<const Dim> run_starts, Dim num_kv_heads) {
  LAPIDARY_CHECK(query.device().is_cpu(), "decode_attention reads host memory");
  LAPIDARY_CHECK(static_cast<Dim>(run_starts.size()) == query.size(0) + 1, run_starts.size(),
                 " offsets for ", query.size(0), " sequences");
  return reference::decode_attention(query, runs, run_starts, num_kv_heads);
}

}  // namespace lapidary::ops
