#include "kernels/api/linear.h"

#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/simd/bfloat16.h"

namespace lapidary::kernels::reference {

void linear(Dtype dtype, const void* input, const void* weight, void* output,
            const LinearShape& shape) {
  with_type(dtype, [&]<typename T>() {
    const auto* x = static_cast<const T*>(input);
    const auto* w = static_cast<const T*>(weight);
    auto* y = static_cast<T*>(output);
    for (Dim r = 0; r < shape.rows; ++r) {
      for (Dim o = 0; o < shape.out; ++o) {
        double sum = 0;
        for (Dim i = 0; i < shape.in; ++i) {
          sum += static_cast<double>(to_float(x[r * shape.in + i])) *
                 static_cast<double>(to_float(w[o * shape.in + i]));
        }
        assign(y[r * shape.out + o], static_cast<float>(sum));
      }
    }
  });
}

}  // namespace lapidary::kernels::reference
