#include "ops/embedding.h"

#include "ops/reference.h"
#include "tensor/shape.h"

namespace lapidary::ops {

at::Tensor scaled_embedding(const at::Tensor& ids, const at::Tensor& table, double scale,
                            int64_t padding_id) {
  expect_shape(ids, "ids", {kAnyExtent});
  expect_shape(table, "table", {kAnyExtent, kAnyExtent});
  return reference::scaled_embedding(ids, table, scale, padding_id);
}

}  // namespace lapidary::ops
