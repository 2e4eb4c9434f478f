// Every operation of the model once more, as it would be written in Python: plain ATen steps in the
// order of the Hugging Face code, on any device, differentiable by autograd. Slow and obvious; the
// fast paths must equal them in tests that stay. Arguments and results are those of the operations
// of the same names in ops/*.h.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/attention.h"
#include "ops/log_prob.h"
#include "ops/moe.h"
#include "ops/rope.h"

namespace lapidary::ops::reference {

at::Tensor packed_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                            const PackedRows& rows, Dim window);
at::Tensor decode_attention(const at::Tensor& query, std::span<const CacheRun> runs,
                            std::span<const Dim> run_starts, Dim num_kv_heads);
at::Tensor scaled_embedding(const at::Tensor& ids, const at::Tensor& table, double scale,
                            int64_t padding_id);
at::Tensor geglu(const at::Tensor& gate_up);
at::Tensor gelu_gate(const at::Tensor& gate, const at::Tensor& factor);
// In fp32 on the CPU a row's value does not depend on how many other rows there are.
at::Tensor linear(const at::Tensor& input, const at::Tensor& weight);
at::Tensor head_logits(const at::Tensor& hidden, const at::Tensor& table, double softcap);
TokenLogProbs token_log_probs(const at::Tensor& hidden, const at::Tensor& table,
                              const at::Tensor& targets, const HeadOptions& options);
Routing route(const at::Tensor& residual, const RouterWeights& router, Dim top_k, double eps,
              KeepProbs keep_probs);
at::Tensor experts(const at::Tensor& input, const at::Tensor& gate_up, const at::Tensor& down,
                   const Routing& routing);
at::Tensor rms_norm(const at::Tensor& input, const at::Tensor& weight, double eps);
Qkv qkv_norm_rope(const at::Tensor& qkv, const at::Tensor& q_norm, const at::Tensor& k_norm,
                  const RopeTable& rope, const HeadShape& shape, ValueSource value_source,
                  double eps);

}  // namespace lapidary::ops::reference
