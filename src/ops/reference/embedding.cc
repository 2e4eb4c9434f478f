// Mirrors HF Gemma4TextScaledWordEmbedding.
#include <ATen/ops/embedding.h>
#include <ATen/ops/scalar_tensor.h>

#include "ops/reference.h"

namespace lapidary::ops::reference {

at::Tensor scaled_embedding(const at::Tensor& ids, const at::Tensor& table, double scale,
                            int64_t padding_id) {
  // Through fp32 first: HF keeps the scale as an fp32 buffer and casts that to the table's dtype.
  const double rounded =
      at::scalar_tensor(scale, at::kFloat).to(table.scalar_type()).item().toDouble();
  return at::embedding(table, ids, padding_id).mul(rounded);
}

}  // namespace lapidary::ops::reference
