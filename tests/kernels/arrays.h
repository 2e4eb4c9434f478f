// Test data for the kernels: arrays of either element type with reproducible contents, and the
// settings (instruction set, number of threads) under which each kernel must give its results.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "base/rng.h"
#include "kernels/api/cpu.h"
#include "kernels/api/dtype.h"
#include "kernels/api/parallel.h"
#include "kernels/cpu/simd/bfloat16.h"

namespace lapidary::test {

// Elements of `dtype`, filled with values of a normal distribution.
class Array {
 public:
  Array(kernels::Dtype dtype, Dim count) : dtype_(dtype), count_(count) {
    bytes_.resize(static_cast<size_t>(count) * element_bytes() + kGuard, kGuardByte);
    if (count > 0) std::memset(bytes_.data(), 0, bytes_.size() - kGuard);
  }
  static Array random(kernels::Dtype dtype, Dim count, uint64_t seed, double scale = 1.0) {
    Array out(dtype, count);
    for (Dim i = 0; i < count; ++i) {
      const double u = philox_uniform(seed, 0, static_cast<uint64_t>(i));
      const double v = philox_uniform(seed, 1, static_cast<uint64_t>(i));
      out.set(i, static_cast<float>(scale * std::sqrt(-2 * std::log(u)) * std::cos(6.2831853 * v)));
    }
    return out;
  }

  void* data() { return bytes_.data(); }
  const void* data() const { return bytes_.data(); }
  void* at(Dim i) { return bytes_.data() + static_cast<size_t>(i) * element_bytes(); }
  const void* at(Dim i) const { return bytes_.data() + static_cast<size_t>(i) * element_bytes(); }
  Dim count() const { return count_; }
  float operator[](Dim i) const {
    if (dtype_ == kernels::Dtype::kFloat32) {
      float value;
      std::memcpy(&value, at(i), sizeof value);
      return value;
    }
    kernels::BFloat16 value;
    std::memcpy(&value, at(i), sizeof value);
    return kernels::to_float(value);
  }
  void set(Dim i, float value) {
    if (dtype_ == kernels::Dtype::kFloat32) {
      std::memcpy(at(i), &value, sizeof value);
      return;
    }
    kernels::BFloat16 rounded;
    kernels::assign(rounded, value);
    std::memcpy(at(i), &rounded, sizeof rounded);
  }
  // The bits of elements [begin, end).
  std::string bits(Dim begin, Dim end) const {
    return std::string(bytes_.data() + static_cast<size_t>(begin) * element_bytes(),
                       static_cast<size_t>(end - begin) * element_bytes());
  }
  std::string bits() const { return bits(0, count_); }
  // Nothing was written behind the last element.
  bool is_guard_whole() const {
    return bytes_.substr(bytes_.size() - kGuard) == std::string(kGuard, kGuardByte);
  }

 private:
  static constexpr size_t kGuard = 128;
  static constexpr char kGuardByte = 'g';
  size_t element_bytes() const { return dtype_ == kernels::Dtype::kFloat32 ? 4 : 2; }
  kernels::Dtype dtype_;
  Dim count_;
  std::string bytes_;
};

// |actual - expected| <= tolerance * (1 + |expected|) everywhere, with a tolerance of a few units
// in the last place of the element type.
inline void expect_near(const Array& actual, const Array& expected, kernels::Dtype dtype,
                        double fp32_tolerance, const std::string& what) {
  const double tolerance = dtype == kernels::Dtype::kFloat32 ? fp32_tolerance : 0.0079;
  ASSERT_EQ(actual.count(), expected.count()) << what;
  for (Dim i = 0; i < actual.count(); ++i) {
    const double a = actual[i];
    const double e = expected[i];
    ASSERT_LE(std::abs(a - e), tolerance * (1 + std::abs(e)))
        << what << ": element " << i << " is " << a << ", expected " << e;
  }
  EXPECT_TRUE(actual.is_guard_whole()) << what << ": written past the end";
}

inline std::vector<kernels::CpuLevel> cpu_levels() {
  std::vector<kernels::CpuLevel> out;
  for (const auto level :
       {kernels::CpuLevel::kAvx2, kernels::CpuLevel::kAvx512, kernels::CpuLevel::kAvx512Bf16}) {
    if (level <= kernels::best_cpu_level()) out.push_back(level);
  }
  return out;
}

constexpr kernels::Dtype kDtypes[] = {kernels::Dtype::kFloat32, kernels::Dtype::kBFloat16};

inline std::string name(kernels::Dtype dtype) {
  return dtype == kernels::Dtype::kFloat32 ? "float32" : "bfloat16";
}

// A runner that really cuts every range into `num_threads` pieces, whatever the grain, and runs
// them on threads of its own.
template <int kThreads>
kernels::ParallelRunner threads_runner() {
  return {[] { return kThreads; },
          [](Dim count, Dim, kernels::RangeFunction function, void* context) {
            std::vector<std::thread> threads;
            const Dim size = (count + kThreads - 1) / kThreads;
            for (Dim begin = 0; begin < count; begin += size) {
              threads.emplace_back(function, context, begin, std::min(count, begin + size));
            }
            for (std::thread& thread : threads) thread.join();
          }};
}

// Within its scope the kernels use that level and runner.
class Settings {
 public:
  Settings(kernels::CpuLevel level, kernels::ParallelRunner runner)
      : before_level_(kernels::cpu_level()), before_runner_(kernels::parallel_runner()) {
    kernels::limit_cpu_level(level);
    kernels::set_parallel_runner(runner);
  }
  explicit Settings(kernels::CpuLevel level) : Settings(level, kernels::parallel_runner()) {}
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;
  ~Settings() {
    kernels::limit_cpu_level(before_level_);
    kernels::set_parallel_runner(before_runner_);
  }

 private:
  kernels::CpuLevel before_level_;
  kernels::ParallelRunner before_runner_;
};

}  // namespace lapidary::test
