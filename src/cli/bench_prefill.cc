// The suite prefill: reading a prompt into the cache, in the chunks in which the engine does it,
// held against the rate of one large matrix product.
#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>

#include "base/check.h"
#include "cli/bench_model.h"
#include "rollout/engine.h"
#include "rollout/gemma4_decoder.h"
#include "rollout/prefill_context.h"
#include "tensor/dtype.h"

namespace lapidary::cli {
namespace {

constexpr Dim kPromptTokens = 1024;
constexpr int kRuns = 5;

void read_prompt(rollout::Decoder& decoder, rollout::KvCache& cache,
                 const std::vector<int64_t>& ids) {
  const auto slot = cache.open(kPromptTokens);
  LAPIDARY_CHECK(slot.has_value(), "no slot in an empty cache");
  const Dim step = rollout::EngineOptions().prefill_chunk_tokens;
  for (Dim begin = 0; begin < kPromptTokens; begin += step) {
    const Dim count = std::min(step, kPromptTokens - begin);
    at::Tensor chunk = at::empty({count}, at::kLong);
    std::copy_n(ids.begin() + begin, count, chunk.mutable_data_ptr<int64_t>());
    rollout::PrefillContext context(cache, *slot, count);
    const bool is_last = begin + count == kPromptTokens;
    decoder.logits(chunk, context, is_last ? rollout::LogitRows::kLast : rollout::LogitRows::kNone);
    context.finish();
  }
  cache.close(*slot);
}

BenchRow prefill_row(const BenchCase& bench) {
  const c10::ScalarType dtype = bench.dtype;
  const auto model = model::Gemma4Model::random(bench.model.config, 1, {.dtype = dtype});
  rollout::Gemma4Decoder decoder(model);
  rollout::KvCacheOptions options;
  options.num_pages = kPromptTokens / options.page_tokens;
  options.max_sequence_tokens = kPromptTokens;
  options.dtype = dtype;
  rollout::KvCache cache(decoder.layers(), options);
  const std::vector<int64_t> ids = bench_ids(bench.model.config, kPromptTokens);
  const GemmRate gemm(dtype);
  read_prompt(decoder, cache, ids);
  // Turn by turn with the limit, since both vary with what else the machine does.
  std::vector<double> reads;
  std::vector<double> limits;
  for (int run = 0; run < kRuns; ++run) {
    limits.push_back(gemm.measure());
    reads.push_back(milliseconds_of([&] { read_prompt(decoder, cache, ids); }));
  }
  BenchRow row;
  row.times = summarize_times(reads);
  row.name = bench.row_name;
  row.shape = std::to_string(kPromptTokens) + " tokens";
  row.dtype = dtype_name(dtype);
  row.device = "cpu";
  row.achieved = forward_flops(model, {kPromptTokens}, 1) / row.times.median_ms / 1e6;
  row.unit = "GFLOP/s";
  row.limit = summarize_times(limits).median_ms;
  row.limit_name = gemm.name();
  return row;
}

}  // namespace

std::vector<BenchRow> bench_prefill(const BenchFlags& flags) {
  const c10::InferenceMode no_gradients;
  std::vector<BenchRow> rows;
  for (const BenchCase& bench : bench_cases("prefill", flags)) rows.push_back(prefill_row(bench));
  return rows;
}

}  // namespace lapidary::cli
