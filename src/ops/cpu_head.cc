#include "ops/cpu_head.h"

#include <ATen/ops/zeros_like.h>

#include "base/check.h"
#include "kernels/api/head.h"
#include "ops/cpu_kernels.h"

namespace lapidary::ops {

namespace {

kernels::HeadShape head_shape(const at::Tensor& product, const at::Tensor& targets,
                              const HeadOptions& options) {
  const Dim vocabulary = product.size(1);
  const auto* ids = targets.const_data_ptr<int64_t>();
  for (Dim i = 0; i < targets.numel(); ++i) {
    LAPIDARY_CHECK(ids[i] >= 0 && ids[i] < vocabulary, "target ", ids[i], " of ", vocabulary);
  }
  return {product.size(0), vocabulary, options.softcap, options.temperature};
}

}  // namespace

void cpu_head_statistics(const at::Tensor& product, const at::Tensor& targets,
                         const HeadOptions& options, const HeadStatistics& output) {
  const at::Tensor ids = targets.contiguous();
  kernels::head_statistics(
      kernel_dtype(product), product.const_data_ptr(), ids.const_data_ptr<int64_t>(),
      {output.largest.mutable_data_ptr<float>(), output.log_sum.mutable_data_ptr<float>(),
       output.log_prob.mutable_data_ptr<float>(), output.entropy.mutable_data_ptr<float>()},
      head_shape(product, ids, options));
}

void cpu_head_gradient(const at::Tensor& product, const at::Tensor& targets,
                       const HeadOptions& options, const HeadStatistics& statistics,
                       const at::Tensor& grad_log_prob, const at::Tensor& grad_entropy,
                       const at::Tensor& output) {
  const at::Tensor ids = targets.contiguous();
  const at::Tensor for_log_prob = grad_log_prob.contiguous();
  const at::Tensor for_entropy =
      grad_entropy.defined() ? grad_entropy.contiguous() : at::zeros_like(for_log_prob);
  kernels::head_gradient(
      kernel_dtype(product),
      {product.const_data_ptr(), ids.const_data_ptr<int64_t>(),
       statistics.largest.const_data_ptr<float>(), statistics.log_sum.const_data_ptr<float>(),
       statistics.entropy.const_data_ptr<float>(), for_log_prob.const_data_ptr<float>(),
       for_entropy.const_data_ptr<float>(), output.mutable_data_ptr()},
      head_shape(product, ids, options));
}

}  // namespace lapidary::ops
