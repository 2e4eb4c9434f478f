// Mirrors HF eager_attention_forward, one sequence after another.
#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>

#include "ops/reference.h"

namespace lapidary::ops::reference {

namespace {

// [queries, keys] bool, true where a query may not look. The last query sees the last key.
at::Tensor hidden_keys(const at::Tensor& like, Dim num_queries, Dim num_keys, Dim window) {
  const at::Tensor forbidden =
      like.new_ones({num_queries, num_keys}, at::TensorOptions().dtype(at::kBool));
  const Dim offset = num_keys - num_queries;
  const at::Tensor future = forbidden.triu(offset + 1);
  return window == 0 ? future : future.logical_or(forbidden.tril(offset - window));
}

// query [queries, heads, head_dim], key and value [keys, kv_heads, head_dim].
at::Tensor attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                  Dim window) {
  const Dim group = query.size(1) / key.size(1);
  const at::Tensor q = query.transpose(0, 1);
  const at::Tensor k = key.transpose(0, 1).repeat_interleave(group, 0);
  const at::Tensor v = value.transpose(0, 1).repeat_interleave(group, 0);
  const at::Tensor scores = q.matmul(k.transpose(1, 2))
                                .masked_fill(hidden_keys(query, query.size(0), key.size(0), window),
                                             -std::numeric_limits<float>::infinity());
  const at::Tensor weights = scores.softmax(-1, at::kFloat).to(query.scalar_type());
  return weights.matmul(v).transpose(0, 1);
}

}  // namespace

at::Tensor packed_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                            const PackedRows& rows, Dim window) {
  std::vector<at::Tensor> outputs;
  for (size_t i = 0; i + 1 < rows.query_starts.size(); ++i) {
    const Dim num_queries = rows.query_starts[i + 1] - rows.query_starts[i];
    const Dim num_keys = rows.key_starts[i + 1] - rows.key_starts[i];
    outputs.push_back(attend(query.narrow(0, rows.query_starts[i], num_queries),
                             key.narrow(0, rows.key_starts[i], num_keys),
                             value.narrow(0, rows.key_starts[i], num_keys), window));
  }
  return at::cat(outputs);
}

at::Tensor decode_attention(const at::Tensor& query, std::span<const CacheRun> runs,
                            std::span<const Dim> run_starts, Dim num_kv_heads) {
  const Dim head_dim = query.size(2);
  std::vector<at::Tensor> outputs;
  for (Dim i = 0; i < query.size(0); ++i) {
    std::vector<at::Tensor> keys;
    std::vector<at::Tensor> values;
    for (Dim r = run_starts[static_cast<size_t>(i)]; r < run_starts[static_cast<size_t>(i) + 1];
         ++r) {
      const CacheRun& run = runs[static_cast<size_t>(r)];
      const auto rows = [&](const void* data) {
        return at::from_blob(const_cast<void*>(data), {run.num_rows, num_kv_heads, head_dim},
                             query.options());
      };
      keys.push_back(rows(run.key));
      values.push_back(rows(run.value));
    }
    outputs.push_back(attend(query.narrow(0, i, 1), at::cat(keys), at::cat(values), 0));
  }
  return at::cat(outputs);
}

}  // namespace lapidary::ops::reference
