// The suite decode: one token at a time. A single sequence of the 100M shapes is bound by reading
// the weights; a batch of the tiny model by overhead, held against its bare matrix products.
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>

#include <chrono>

#include "base/check.h"
#include "cli/bench_model.h"
#include "rollout/decode_context.h"
#include "rollout/gemma4_decoder.h"
#include "rollout/prefill_context.h"
#include "rollout/sampler.h"
#include "tensor/dtype.h"

namespace lapidary::cli {
namespace {

constexpr Dim kPromptTokens = 64;
constexpr Dim kStepsOfARun = 4;
constexpr const char* kTinyName = "decode moe-tiny";
constexpr int kRuns = 15;
constexpr Dim kMostTokens = kPromptTokens + kStepsOfARun * (kRuns + 1);

at::Tensor ids_tensor(std::span<const int64_t> ids) {
  at::Tensor out = at::empty({static_cast<Dim>(ids.size())}, at::kLong);
  std::copy(ids.begin(), ids.end(), out.mutable_data_ptr<int64_t>());
  return out;
}

// Sequences with a prompt in the cache, advanced greedily, a token each a step.
class DecodeLoop {
 public:
  DecodeLoop(const model::Gemma4Model& model, Dim batch)
      : decoder_(model), cache_(decoder_.layers(), cache_options(model, batch)) {
    const at::Tensor prompt = ids_tensor(bench_ids(model.config(), kPromptTokens));
    for (Dim i = 0; i < batch; ++i) {
      const auto slot = cache_.open(kMostTokens);
      LAPIDARY_CHECK(slot.has_value(), "no slot in a cache made for ", batch);
      rollout::PrefillContext context(cache_, *slot, kPromptTokens);
      decoder_.logits(prompt, context, rollout::LogitRows::kNone);
      context.finish();
      slots_.push_back(*slot);
      next_.push_back(3 + i);
    }
  }

  void step() {
    rollout::DecodeContext context(cache_, slots_);
    const at::Tensor logits = decoder_.logits(ids_tensor(next_), context, rollout::LogitRows::kAll);
    context.finish();
    const auto vocabulary = static_cast<size_t>(logits.size(1));
    const float* rows = logits.const_data_ptr<float>();
    for (size_t i = 0; i < next_.size(); ++i) {
      const rollout::SamplingOptions greedy{.temperature = 0.0};
      next_[i] = rollout::sample_token({rows + i * vocabulary, vocabulary}, greedy, i,
                                       cache_.num_tokens(slots_[i]), scratch_)
                     .id;
    }
  }

 private:
  static rollout::KvCacheOptions cache_options(const model::Gemma4Model& model, Dim batch) {
    rollout::KvCacheOptions options;
    options.num_slots = batch;
    options.num_pages = batch * (kMostTokens / options.page_tokens + 1);
    options.max_sequence_tokens = kMostTokens;
    options.dtype = model.dtype();
    return options;
  }

  rollout::Gemma4Decoder decoder_;
  rollout::KvCache cache_;
  std::vector<rollout::Slot> slots_;
  std::vector<int64_t> next_;
  std::vector<float> scratch_;
};

BenchRow decode_row(const BenchCase& bench, const MemoryBandwidth& bandwidth) {
  const auto model = model::Gemma4Model::random(bench.model.config, 1, {.dtype = bench.dtype});
  DecodeLoop loop(model, 1);
  loop.step();
  // Turn by turn with the limit, since both vary with what else the machine does.
  std::vector<double> steps;
  std::vector<double> limits;
  for (int run = 0; run < kRuns; ++run) {
    limits.push_back(bandwidth.measure());
    const double run_ms = milliseconds_of([&] {
      for (Dim i = 0; i < kStepsOfARun; ++i) loop.step();
    });
    steps.push_back(run_ms / kStepsOfARun);
  }
  BenchRow row;
  row.name = bench.row_name;
  row.shape = "batch 1, " + std::to_string(kPromptTokens) + " cached";
  row.dtype = dtype_name(bench.dtype);
  row.device = "cpu";
  row.times = summarize_times(steps);
  row.achieved = active_weight_bytes(model) / row.times.median_ms / 1e6;
  row.unit = "GB/s";
  row.limit = summarize_times(limits).median_ms;
  row.limit_name = "reading memory";
  return row;
}

// The matrix products of a decode step of `batch` tokens and nothing else, through LibTorch: each
// expert gets its even share of the tokens.
class BareProducts {
 public:
  BareProducts(const model::Gemma4Model& model, Dim batch) {
    const model::Gemma4Config& config = model.config();
    for (const model::Gemma4LayerWeights& layer : model.weights().layers) {
      add(batch, layer.qkv_proj);
      add(batch, layer.o_proj);
      add(batch, layer.gate_up_proj);
      add(batch, layer.down_proj);
      if (!layer.router.proj.defined()) continue;
      add(batch, layer.router.proj);
      const Dim share = batch * config.top_k_experts / config.num_experts;
      for (Dim e = 0; e < config.num_experts; ++e) {
        add(share, layer.experts_gate_up_proj[e]);
        add(share, layer.experts_down_proj[e]);
      }
    }
    add(batch, model.weights().embed_tokens);
  }
  void run() const {
    for (const Product& product : products_) product.input.matmul(product.weight);
  }

 private:
  struct Product {
    at::Tensor input;
    at::Tensor weight;
  };
  void add(Dim rows, const at::Tensor& weight) {
    products_.push_back({at::randn({rows, weight.size(1)}).to(weight.scalar_type()), weight.t()});
  }
  std::vector<Product> products_;
};

BenchRow tiny_row(Dim batch) {
  const BenchModel bench = tiny_bench_model();
  const auto model = model::Gemma4Model::random(bench.config, 1, {});
  DecodeLoop loop(model, batch);
  const BareProducts products(model, batch);
  std::vector<double> steps;
  std::vector<double> limits;
  products.run();
  loop.step();
  for (int run = 0; run < kRuns; ++run) {
    limits.push_back(milliseconds_of([&] {
      for (Dim i = 0; i < kStepsOfARun; ++i) products.run();
    }));
    steps.push_back(milliseconds_of([&] {
      for (Dim i = 0; i < kStepsOfARun; ++i) loop.step();
    }));
  }
  constexpr double kStepsPerSecond = 1e3 * kStepsOfARun;
  BenchRow row;
  row.name = kTinyName;
  row.shape = "batch " + std::to_string(batch) + ", " + std::to_string(kPromptTokens) + " cached";
  row.dtype = "float32";
  row.device = "cpu";
  row.times = summarize_times(steps);
  row.times = {row.times.median_ms / kStepsOfARun, row.times.min_ms / kStepsOfARun,
               row.times.max_ms / kStepsOfARun};
  row.achieved = 1e3 / row.times.median_ms;
  row.unit = "steps/s";
  row.limit = kStepsPerSecond / summarize_times(limits).median_ms;
  row.limit_name = "its bare matrix products";
  return row;
}

}  // namespace

std::vector<BenchRow> bench_decode(const BenchFlags& flags) {
  const c10::InferenceMode no_gradients;
  const MemoryBandwidth bandwidth;
  std::vector<BenchRow> rows;
  for (const BenchCase& bench : bench_cases("decode", flags)) {
    rows.push_back(decode_row(bench, bandwidth));
  }
  constexpr Dim kTinyBatch = 32;
  if (is_wanted(flags, kTinyName, at::kFloat)) rows.push_back(tiny_row(kTinyBatch));
  return rows;
}

}  // namespace lapidary::cli
