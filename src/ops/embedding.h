#pragma once

#include <ATen/core/Tensor.h>

namespace lapidary::ops {

// table[ids] * scale. ids [tokens] int64; scale is first rounded to the table's dtype, as HF's
// Gemma4TextScaledWordEmbedding does (bf16: sqrt(2816) becomes 53.0). The row of padding_id gets no
// gradient from here. -> [tokens, dim]. Differentiable in table.
at::Tensor scaled_embedding(const at::Tensor& ids, const at::Tensor& table, double scale,
                            int64_t padding_id);

}  // namespace lapidary::ops
