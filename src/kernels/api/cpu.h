// Which instructions the CPU kernels use. Chosen once, at the first use, from what the processor
// has; results are the same for any number of threads, but not from one instruction set to another.
#pragma once

#include <string_view>

namespace lapidary::kernels {

enum class CpuLevel {
  kAvx2,        // AVX2 and FMA: the least that the CPU kernels run on
  kAvx512,      // AVX-512 F, BW, DQ, VL
  kAvx512Bf16,  // and its bfloat16 dot products
};

std::string_view to_string(CpuLevel level);

// Throws Error{kUnsupported} if this processor lacks AVX2 or FMA. For the top of main().
void require_cpu();

// The highest level that this processor has.
CpuLevel best_cpu_level();

// The level in use: best_cpu_level(), unless the environment's LAPIDARY_CPU (avx2, avx512,
// avx512_bf16) or limit_cpu_level asks for less. A level that the processor lacks is never used.
CpuLevel cpu_level();

// For tests and benchmarks; not while a kernel runs.
void limit_cpu_level(CpuLevel most);

}  // namespace lapidary::kernels
