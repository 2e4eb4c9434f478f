// The suite train-step: forward, log-probabilities of the head, backward and AdamW on packed
// sequences, held against the rate of one large matrix product.
#include <ATen/ops/empty.h>

#include <numeric>

#include "cli/bench_model.h"
#include "model/attention_context.h"
#include "tensor/dtype.h"
#include "train/parameter_selection.h"
#include "train/weight_update.h"

namespace lapidary::cli {
namespace {

const std::vector<Dim> kLengths = {512, 512};
constexpr int kRuns = 5;
// The backward has two products for each of the forward.
constexpr double kForwardsOfAStep = 3;

class TrainingLoop {
 public:
  explicit TrainingLoop(const BenchCase& bench)
      : model_(model::Gemma4Model::random(bench.model.config, 1, {.dtype = bench.dtype})),
        ids_(at::empty({num_tokens()}, at::kLong)),
        targets_(at::empty({num_tokens()}, at::kLong)) {
    update_.emplace(train::select_parameters(model_, {}), train::UpdateOptions{});
    const std::vector<int64_t> ids = bench_ids(bench.model.config, num_tokens() + 1);
    std::copy(ids.begin(), ids.end() - 1, ids_.mutable_data_ptr<int64_t>());
    std::copy(ids.begin() + 1, ids.end(), targets_.mutable_data_ptr<int64_t>());
    starts_.resize(kLengths.size() + 1, 0);
    std::partial_sum(kLengths.begin(), kLengths.end(), starts_.begin() + 1);
  }

  void step() {
    const train::GradientScope scope(*update_);
    model::PackedContext context(starts_, at::kCPU);
    const at::Tensor hidden = model_.hidden(ids_, context);
    const at::Tensor loss = model_.log_probs(hidden, targets_).log_prob.mean().neg();
    loss.backward();
    update_->add_gradients();
    update_->end(loss.detach());
  }

  double flops() const { return kForwardsOfAStep * forward_flops(model_, kLengths, num_tokens()); }
  static Dim num_tokens() { return std::accumulate(kLengths.begin(), kLengths.end(), Dim{0}); }

 private:
  model::Gemma4Model model_;
  std::optional<train::WeightUpdate> update_;
  at::Tensor ids_;
  at::Tensor targets_;
  std::vector<Dim> starts_;
};

BenchRow train_row(const BenchCase& bench) {
  TrainingLoop loop(bench);
  const GemmRate gemm(bench.dtype);
  loop.step();
  // Turn by turn with the limit, since both vary with what else the machine does.
  std::vector<double> steps;
  std::vector<double> limits;
  for (int run = 0; run < kRuns; ++run) {
    limits.push_back(gemm.measure());
    steps.push_back(milliseconds_of([&] { loop.step(); }));
  }
  BenchRow row;
  row.times = summarize_times(steps);
  row.name = bench.row_name;
  row.shape = std::to_string(TrainingLoop::num_tokens()) + " tokens, " +
              std::to_string(kLengths.size()) + " sequences";
  row.dtype = dtype_name(bench.dtype);
  row.device = "cpu";
  row.achieved = loop.flops() / row.times.median_ms / 1e6;
  row.unit = "GFLOP/s";
  row.limit = summarize_times(limits).median_ms;
  row.limit_name = gemm.name();
  return row;
}

}  // namespace

std::vector<BenchRow> bench_train_step(const BenchFlags& flags) {
  std::vector<BenchRow> rows;
  for (const BenchCase& bench : bench_cases("train-step", flags)) rows.push_back(train_row(bench));
  return rows;
}

}  // namespace lapidary::cli
