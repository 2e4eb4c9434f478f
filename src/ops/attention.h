// Softmax attention with scale 1.0 over packed sequences of any lengths, causal, full or with a
// sliding window.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <span>
#include <vector>

#include "base/dim.h"

namespace lapidary::ops {

// Rows of all sequences one after another. Sequence i has query rows [query_starts[i],
// query_starts[i + 1]) and key rows [key_starts[i], key_starts[i + 1]); its queries are the last
// ones of its keys (as many keys as queries when nothing is cached). Example: two sequences, the
// second with 3 cached tokens and 2 new ones: query_starts {0, 4, 6}, key_starts {0, 4, 9}.
struct PackedRows {
  std::vector<Dim> query_starts;
  std::vector<Dim> key_starts;
  // The same offsets as int32 tensors on an accelerator, made once for all layers by on_device();
  // without them each call sends them again.
  at::Tensor device_query_starts = {};
  at::Tensor device_key_starts = {};

  static PackedRows self(const std::vector<Dim>& starts) { return {starts, starts}; }
  PackedRows on_device(c10::Device device) const;  // unchanged for the CPU
};

// window: a query sees that many keys, itself included (0: all before it). query [query rows,
// heads, head_dim], key and value [key rows, kv_heads, head_dim]; query head h reads kv head h /
// (heads / kv_heads). Softmax in fp32.
// -> [query rows, heads, head_dim]. Nothing crosses from one sequence to another. Differentiable.
at::Tensor packed_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                            const PackedRows& rows, Dim window);

// A run of cached rows that lie one after another: key and value point at [num_rows, kv_heads,
// head_dim].
struct CacheRun {
  const void* key;
  const void* value;
  Dim num_rows;
};

// One query a sequence against its cached keys, in which the query's own key already lies. query
// [sequences, heads, head_dim]; runs of sequence i are runs[run_starts[i] .. run_starts[i + 1]),
// all of the query's dtype and device, and hold exactly the keys that the query may see. ->
// [sequences, heads, head_dim]. CPU only, not differentiable; a row's value does not depend on the
// other rows nor on how its keys are cut into runs.
at::Tensor decode_attention(const at::Tensor& query, std::span<const CacheRun> runs,
                            std::span<const Dim> run_starts, Dim num_kv_heads);

}  // namespace lapidary::ops
