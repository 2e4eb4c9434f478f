#include "ops/attention.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/tensor.h>

#include "base/check.h"
#include "kernels/api/attention.h"
#include "ops/cpu_kernels.h"
#include "ops/custom_grad.h"
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

struct Attended {
  at::Tensor output;   // like query
  at::Tensor log_sum;  // [query rows, heads] fp32; undefined unless asked for
};
enum class KeepLogSum { kNo, kYes };

Attended packed_forward(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                        const PackedRows& rows, Dim window, KeepLogSum keep) {
  Attended out = {at::empty_like(query), at::Tensor()};
  if (keep == KeepLogSum::kYes)
    out.log_sum = at::empty({query.size(0), query.size(1)}, query.options().dtype(at::kFloat));
  kernels::packed_attention(
      kernel_dtype(query),
      {query.const_data_ptr(), key.const_data_ptr(), value.const_data_ptr(),
       out.output.mutable_data_ptr(),
       out.log_sum.defined() ? out.log_sum.mutable_data_ptr<float>() : nullptr},
      {rows.query_starts, rows.key_starts, window}, {query.size(1), key.size(1), query.size(2)});
  return out;
}

// kept: query, key, value, output, log_sum.
Tensors packed_backward(const Tensors& kept, const at::Tensor& grad, const PackedRows& rows,
                        Dim window) {
  const at::Tensor grads = grad.contiguous();
  Tensors out{at::empty_like(kept[0]), at::empty_like(kept[1]), at::empty_like(kept[2])};
  kernels::packed_attention_backward(
      kernel_dtype(kept[0]),
      {kept[0].const_data_ptr(), kept[1].const_data_ptr(), kept[2].const_data_ptr(),
       kept[3].const_data_ptr(), kept[4].const_data_ptr<float>(), grads.const_data_ptr(),
       out[0].mutable_data_ptr(), out[1].mutable_data_ptr(), out[2].mutable_data_ptr()},
      {rows.query_starts, rows.key_starts, window},
      {kept[0].size(1), kept[1].size(1), kept[0].size(2)});
  return out;
}

at::Tensor packed_on_cpu(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                         const PackedRows& rows, Dim window) {
  const Tensors inputs{query.contiguous(), key.contiguous(), value.contiguous()};
  if (!needs_grad({query, key, value}))
    return packed_forward(inputs[0], inputs[1], inputs[2], rows, window, KeepLogSum::kNo).output;
  return apply_custom_grad(
      {.forward =
           [rows, window](const Tensors& in) {
             const Attended out =
                 packed_forward(in[0], in[1], in[2], rows, window, KeepLogSum::kYes);
             return std::pair(Tensors{out.output},
                              Tensors{in[0], in[1], in[2], out.output, out.log_sum});
           },
       .backward =
           [rows, window](const Tensors& kept, const Tensors& grads) {
             return packed_backward(kept, grads[0], rows, window);
           }},
      inputs)[0];
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
  if (can_use_cpu_kernels({query, key, value}))
    return packed_on_cpu(query, key, value, rows, window);
  return reference::packed_attention(query, key, value, rows, window);
}

at::Tensor decode_attention(const at::Tensor& query, std::span<const CacheRun> runs,
                            std::span<const Dim> run_starts, Dim num_kv_heads) {
  LAPIDARY_CHECK(query.device().is_cpu(), "decode_attention reads host memory");
  LAPIDARY_CHECK(static_cast<Dim>(run_starts.size()) == query.size(0) + 1, run_starts.size(),
                 " offsets for ", query.size(0), " sequences");
  LAPIDARY_CHECK(run_starts.back() == static_cast<Dim>(runs.size()), run_starts.back(), " of ",
                 runs.size(), " runs");
  LAPIDARY_CHECK(query.size(1) % num_kv_heads == 0, query.size(1), " heads over ", num_kv_heads,
                 " kv heads");
  if (!can_use_cpu_kernels({query}))
    return reference::decode_attention(query, runs, run_starts, num_kv_heads);
  const at::Tensor queries = query.contiguous();
  at::Tensor output = at::empty_like(queries);
  kernels::decode_attention(kernel_dtype(queries),
                            {queries.const_data_ptr(), runs, run_starts, output.mutable_data_ptr()},
                            {queries.size(1), num_kv_heads, queries.size(2)});
  return output;
}

}  // namespace lapidary::ops
