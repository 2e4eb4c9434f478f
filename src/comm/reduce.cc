#include "comm/reduce.h"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <algorithm>

#include "base/check.h"

namespace lapidary::comm {
namespace {

template <typename T>
T combine(T a, T b, ReduceOp op) {
  switch (op) {
    case ReduceOp::kSum:
      return a + b;
    case ReduceOp::kMax:
      return std::max(a, b);
    case ReduceOp::kMin:
      return std::min(a, b);
  }
  return a;
}

template <typename Stored, typename Accumulated>
void reduce(void* out, std::span<const void* const> inputs, Dim count, ReduceOp op) {
  auto* result = static_cast<Stored*>(out);
  for (Dim i = 0; i < count; ++i) {
    auto value = static_cast<Accumulated>(static_cast<const Stored*>(inputs[0])[i]);
    for (size_t r = 1; r < inputs.size(); ++r) {
      value =
          combine(value, static_cast<Accumulated>(static_cast<const Stored*>(inputs[r])[i]), op);
    }
    result[i] = static_cast<Stored>(value);
  }
}

}  // namespace

void reduce_in_order(void* out, std::span<const void* const> inputs, Dim count,
                     c10::ScalarType dtype, ReduceOp op) {
  switch (dtype) {
    case c10::ScalarType::Float:
      return reduce<float, float>(out, inputs, count, op);
    case c10::ScalarType::Double:
      return reduce<double, double>(out, inputs, count, op);
    case c10::ScalarType::BFloat16:
      return reduce<c10::BFloat16, float>(out, inputs, count, op);
    case c10::ScalarType::Half:
      return reduce<c10::Half, float>(out, inputs, count, op);
    case c10::ScalarType::Int:
      return reduce<int32_t, int32_t>(out, inputs, count, op);
    case c10::ScalarType::Long:
      return reduce<int64_t, int64_t>(out, inputs, count, op);
    default:
      fail(ErrorKind::kUnsupported, "a reduction over ranks of dtype ", c10::toString(dtype),
           "; allowed are float, double, bfloat16, half, int32 and int64");
  }
}

}  // namespace lapidary::comm
