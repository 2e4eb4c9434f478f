#include "ops/matmul.h"

#include <ATen/ops/mm.h>

#include "kernels/api/cpu.h"

namespace lapidary::ops {

namespace {

bool is_slow(const at::Tensor& a) {
  return a.is_cpu() && a.scalar_type() == at::kBFloat16 &&
         kernels::cpu_level() < kernels::CpuLevel::kAvx512Bf16;
}

}  // namespace

at::Tensor matmul(const at::Tensor& a, const at::Tensor& b) {
  return is_slow(a) ? at::mm(a.to(at::kFloat), b.to(at::kFloat)).to(at::kBFloat16) : at::mm(a, b);
}

void matmul_into(const at::Tensor& output, const at::Tensor& a, const at::Tensor& b) {
  if (is_slow(a)) {
    output.copy_(at::mm(a.to(at::kFloat), b.to(at::kFloat)));
    return;
  }
  at::Tensor out = output;
  at::mm_out(out, a, b);
}

}  // namespace lapidary::ops
