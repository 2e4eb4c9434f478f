// What the suites decode and prefill share: the shapes that they run, and the limits of this
// machine, measured in the same run.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "cli/bench.h"
#include "model/gemma4/model.h"

namespace lapidary::cli {

struct BenchModel {
  std::string name;
  model::Gemma4Config config;
};
// About 100 million parameters each: 12 layers, 5 sliding to 1 full, hidden 512, vocabulary 32,768;
// 16 experts of which 2 are chosen, and dense.
std::vector<BenchModel> bench_models();

// Whether the flag --only lets a row through.
bool is_wanted(const BenchFlags& flags, const std::string& row_name, c10::ScalarType dtype);

// A model of bench_models() and a dtype.
struct BenchCase {
  BenchModel model;
  c10::ScalarType dtype;
  std::string row_name;  // "<suite> <model>"
};
// Those that are wanted.
std::vector<BenchCase> bench_cases(const std::string& suite, const BenchFlags& flags);

// Hidden 64, 6 layers, 8 experts top 2, vocabulary 512: where overhead shows.
BenchModel tiny_bench_model();

// Random ids of the model's vocabulary, the same in each run.
std::vector<int64_t> bench_ids(const model::Gemma4Config& config, Dim count);

// Reads more memory than a cache holds, with all threads: the better of one stream a thread and of
// eight. -> GB/s.
class MemoryBandwidth {
 public:
  MemoryBandwidth();
  double measure() const;

 private:
  at::Tensor memory_;
};

// LibTorch's matrix product at a large shape, with all threads. Where the processor has no bfloat16
// instructions, LibTorch's bfloat16 product is far below its float32 one: then the latter is the
// rate for both.
class GemmRate {
 public:
  explicit GemmRate(c10::ScalarType dtype);
  double measure() const;  // one product -> GFLOP/s
  std::string name() const;

 private:
  c10::ScalarType dtype_;
  at::Tensor a_;
  at::Tensor b_;
};

// Bytes of the weights that one token goes through: of the experts only the chosen ones, the
// embedding table once (the head reads it all).
double active_weight_bytes(const model::Gemma4Model& model);

// Multiplications and additions of a forward over whole sequences: two for each weight that a token
// goes through (the head only at `head_tokens` tokens), and two in each of the two products with
// every visible key.
double forward_flops(const model::Gemma4Model& model, const std::vector<Dim>& lengths,
                     Dim head_tokens);

}  // namespace lapidary::cli
