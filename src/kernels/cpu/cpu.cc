#include "kernels/api/cpu.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>

#include "base/check.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {
namespace {

constexpr std::array kLevels = {CpuLevel::kAvx2, CpuLevel::kAvx512, CpuLevel::kAvx512Bf16};

CpuLevel level_from_environment() {
  const char* named = std::getenv("LAPIDARY_CPU");
  if (named == nullptr || *named == '\0') return CpuLevel::kAvx512Bf16;
  for (const CpuLevel level : kLevels) {
    if (to_string(level) == named) return level;
  }
  fail(ErrorKind::kInvalidArgument, "environment variable LAPIDARY_CPU: found ", quoted(named),
       "; allowed are avx2, avx512 and avx512_bf16 (unset: the best that this processor has)");
}

std::atomic<CpuLevel>& level_in_use() {
  static std::atomic<CpuLevel> level = std::min(level_from_environment(), best_cpu_level());
  return level;
}

}  // namespace

std::string_view to_string(CpuLevel level) {
  switch (level) {
    case CpuLevel::kAvx2:
      return "avx2";
    case CpuLevel::kAvx512:
      return "avx512";
    case CpuLevel::kAvx512Bf16:
      return "avx512_bf16";
  }
  return "unknown";
}

void require_cpu() {
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return;
  fail(ErrorKind::kUnsupported,
       "this processor lacks AVX2 or FMA, which every kernel of lapidary needs; run on an x86-64 "
       "processor from 2015 or later (in a virtual machine: pass the host's CPU flags through)");
}

CpuLevel best_cpu_level() {
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (!has_avx512) return CpuLevel::kAvx2;
  return __builtin_cpu_supports("avx512bf16") ? CpuLevel::kAvx512Bf16 : CpuLevel::kAvx512;
}

CpuLevel cpu_level() {
  return level_in_use().load(std::memory_order_relaxed);
}

void limit_cpu_level(CpuLevel most) {
  level_in_use() = std::min(most, best_cpu_level());
}

const KernelTable& kernel_table() {
  switch (cpu_level()) {
    case CpuLevel::kAvx512Bf16:
      return avx512_bf16_table();
    case CpuLevel::kAvx512:
      return avx512_table();
    default:
      return avx2_table();
  }
}

}  // namespace lapidary::kernels
