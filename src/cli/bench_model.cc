#include "cli/bench_model.h"

#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "base/check.h"
#include "base/rng.h"
#include "kernels/api/parallel.h"
#include "model/gemma4/layer_spec.h"
#include "ops/cpu_kernels.h"
#include "tensor/dtype.h"

namespace lapidary::cli {
namespace {

constexpr Dim kGemmSize = 2048;
constexpr Dim kReadBytes = Dim{256} << 20;

using Vector [[gnu::vector_size(16)]] = int64_t;
constexpr Dim kVectorElements = 2;
constexpr Dim kReadAtOnce = 64;  // vectors: what every number of streams divides

double seconds_of(const std::function<void()>& body) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  body();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

at::Tensor square(c10::ScalarType dtype, Dim size) {
  return at::randn({size, size}).to(dtype);
}

double matmul_gflops(const at::Tensor& a, const at::Tensor& b) {
  const auto n = static_cast<double>(a.size(0));
  return 2 * n * n * n / seconds_of([&] { at::matmul(a, b); }) / 1e9;
}

bool is_half_as_fast(c10::ScalarType dtype) {
  constexpr Dim kTrialSize = 256;
  constexpr int kTrials = 3;
  const at::Tensor own = square(dtype, kTrialSize);
  const at::Tensor fp32 = own.to(at::kFloat);
  double own_best = 0;
  double fp32_best = 0;
  for (int i = 0; i < kTrials; ++i) {
    own_best = std::max(own_best, matmul_gflops(own, own));
    fp32_best = std::max(fp32_best, matmul_gflops(fp32, fp32));
  }
  return own_best < fp32_best / 2;
}

// 5 sliding layers to 1 full.
model::Gemma4Config base_config(Dim num_layers) {
  model::Gemma4Config config;
  config.num_hidden_layers = num_layers;
  for (Dim i = 0; i < num_layers; ++i) {
    config.layer_types.push_back(i % 6 == 5 ? model::LayerType::kFull : model::LayerType::kSliding);
  }
  config.attention_k_eq_v = true;
  config.sliding_rope = {model::RopeType::kDefault, 1e4, 1.0, 1.0};
  config.full_rope = {model::RopeType::kProportional, 1e6, 0.25, 1.0};
  config.max_position_embeddings = 4096;
  config.final_logit_softcapping = 30.0;
  config.pad_token_id = 0;
  config.bos_token_id = 2;
  config.eos_token_ids = {1};
  return config;
}

void add_experts(model::Gemma4Config& config, Dim num_experts, Dim top_k, Dim intermediate) {
  config.enable_moe_block = true;
  config.num_experts = num_experts;
  config.top_k_experts = top_k;
  config.moe_intermediate_size = intermediate;
}

}  // namespace

std::vector<BenchModel> bench_models() {
  model::Gemma4Config config = base_config(12);
  config.vocab_size = 32768;
  config.hidden_size = 512;
  config.num_attention_heads = 8;
  config.sliding_head_dim = 64;
  config.full_head_dim = 128;
  config.sliding_num_key_value_heads = 4;
  config.full_num_key_value_heads = 2;
  config.sliding_window = 512;
  model::Gemma4Config moe = config;
  moe.base_intermediate_size = 1024;
  add_experts(moe, 16, 2, 192);
  model::Gemma4Config dense = config;
  dense.base_intermediate_size = 4096;
  return {{"moe-100m", moe}, {"dense-100m", dense}};
}

bool is_wanted(const BenchFlags& flags, const std::string& row_name, c10::ScalarType dtype) {
  return (row_name + " " + dtype_name(dtype)).find(flags.only) != std::string::npos;
}

std::vector<BenchCase> bench_cases(const std::string& suite, const BenchFlags& flags) {
  std::vector<BenchCase> cases;
  for (const BenchModel& model : bench_models()) {
    for (const c10::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
      const std::string name = suite + " " + model.name;
      if (is_wanted(flags, name, dtype)) cases.push_back({model, dtype, name});
    }
  }
  return cases;
}

BenchModel tiny_bench_model() {
  model::Gemma4Config config = base_config(6);
  config.vocab_size = 512;
  config.hidden_size = 64;
  config.base_intermediate_size = 96;
  config.num_attention_heads = 4;
  config.sliding_head_dim = 16;
  config.full_head_dim = 32;
  config.sliding_num_key_value_heads = 2;
  config.full_num_key_value_heads = 1;
  config.sliding_window = 8;
  add_experts(config, 8, 2, 32);
  return {"moe-tiny", config};
}

std::vector<int64_t> bench_ids(const model::Gemma4Config& config, Dim count) {
  std::vector<int64_t> ids;
  for (Dim i = 0; i < count; ++i) {
    const double u = philox_uniform(1, 0, static_cast<uint64_t>(i));
    ids.push_back(2 + static_cast<int64_t>(u * static_cast<double>(config.vocab_size - 2)));
  }
  return ids;
}

namespace {

// The sum of `count` vectors that lie in kStreams (1 or 8) stretches, read side by side.
template <Dim kStreams>
int64_t sum_of_streams(const Vector* data, Dim count) {
  constexpr Dim kChains = 8;  // of additions, each in a register
  const Dim share = count / kStreams;
  const Dim apart = kStreams == 1 ? 1 : share;
  Vector a{}, b{}, c{}, d{}, e{}, f{}, g{}, h{};
  for (Dim i = 0; i < share; i += kChains / kStreams) {
    const Vector* at = data + i;
    a += at[0];
    b += at[apart];
    c += at[2 * apart];
    d += at[3 * apart];
    e += at[4 * apart];
    f += at[5 * apart];
    g += at[6 * apart];
    h += at[7 * apart];
  }
  const Vector total = a + b + c + d + e + f + g + h;
  return total[0] + total[1];
}

template <Dim kStreams>
double read_rate(const at::Tensor& memory) {
  const auto* data = reinterpret_cast<const Vector*>(memory.const_data_ptr<int64_t>());
  const Dim num_threads = kernels::parallel_runner().num_threads();
  const Dim share = memory.numel() / kVectorElements / num_threads / kReadAtOnce * kReadAtOnce;
  std::vector<int64_t> sums(static_cast<size_t>(num_threads));
  const double seconds = seconds_of([&] {
    kernels::parallel_for(num_threads, 1, [&](Dim begin, Dim end) {
      for (Dim thread = begin; thread < end; ++thread) {
        sums[static_cast<size_t>(thread)] = sum_of_streams<kStreams>(data + thread * share, share);
      }
    });
  });
  const int64_t total = std::accumulate(sums.begin(), sums.end(), int64_t{0});
  LAPIDARY_CHECK(total == num_threads * share * kVectorElements, "memory of ones sums to ", total);
  return static_cast<double>(total) * sizeof(int64_t) / seconds / 1e9;
}

}  // namespace

MemoryBandwidth::MemoryBandwidth()
    : memory_(at::ones({kReadBytes / static_cast<Dim>(sizeof(int64_t))}, at::kLong)) {
  ops::can_use_cpu_kernels({});  // gives the kernels LibTorch's threads
}

double MemoryBandwidth::measure() const {
  return std::max(read_rate<1>(memory_), read_rate<8>(memory_));
}

GemmRate::GemmRate(c10::ScalarType dtype)
    : dtype_(is_half_as_fast(dtype) ? at::kFloat : dtype),
      a_(square(dtype_, kGemmSize)),
      b_(square(dtype_, kGemmSize)) {
  measure();
}

double GemmRate::measure() const {
  return matmul_gflops(a_, b_);
}

std::string GemmRate::name() const {
  return "at::matmul " + dtype_name(dtype_);
}

double active_weight_bytes(const model::Gemma4Model& model) {
  const model::Gemma4Config& config = model.config();
  double bytes = 0;
  model.for_each([&](const model::Parameter& parameter) {
    const at::Tensor value = parameter.value();
    const double share = value.dim() == 3 ? static_cast<double>(config.top_k_experts) /
                                                static_cast<double>(config.num_experts)
                                          : 1.0;
    bytes += share * static_cast<double>(value.nbytes());
  });
  return bytes;
}

double forward_flops(const model::Gemma4Model& model, const std::vector<Dim>& lengths,
                     Dim head_tokens) {
  const auto element_bytes = static_cast<double>(model.weights().embed_tokens.element_size());
  const auto table = static_cast<double>(model.weights().embed_tokens.numel());
  const double weights = active_weight_bytes(model) / element_bytes - table;
  double flops = 2 * table * static_cast<double>(head_tokens);
  for (const Dim length : lengths) {
    flops += 2 * weights * static_cast<double>(length);
    for (const model::LayerSpec& spec : model::layer_specs(model.config())) {
      const Dim window = spec.attention.window;
      double pairs = 0;
      for (Dim t = 1; t <= length; ++t)
        pairs += static_cast<double>(window > 0 ? std::min(t, window) : t);
      flops += 4 * pairs * static_cast<double>(spec.attention.num_heads * spec.attention.head_dim);
    }
  }
  return flops;
}

}  // namespace lapidary::cli
