#include "ops/log_prob.h"

#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "ops/op_cases.h"
#include "ops/reference.h"

namespace lapidary::ops {
namespace {

using test::normal;
using test::Tensors;

at::Tensor targets_below(Dim vocabulary, Dim tokens) {
  at::Generator generator = at::detail::createCPUGenerator(5);
  return at::randint(vocabulary, {tokens}, generator, at::TensorOptions().dtype(at::kLong));
}

test::Function chunked(const at::Tensor& targets, const HeadOptions& options) {
  return [targets, options](const Tensors& in) {
    const TokenLogProbs out = token_log_probs(in[0], in[1], targets, options);
    return Tensors{out.log_prob, out.entropy};
  };
}

// All logits at once, in double.
test::Function in_double(const at::Tensor& targets, const HeadOptions& options) {
  return [targets, options](const Tensors& in) {
    at::Tensor logits = in[0].to(at::kDouble).matmul(in[1].to(at::kDouble).t());
    if (options.softcap != 0.0) logits = logits.div(options.softcap).tanh().mul(options.softcap);
    const at::Tensor log_p = logits.div(options.temperature).log_softmax(-1);
    return Tensors{log_p.gather(-1, targets.unsqueeze(-1)).squeeze(-1),
                   log_p.exp().mul(log_p).sum(-1).neg()};
  };
}

const HeadOptions kOptions[] = {{}, {30.0, 1.0}, {4.0, 0.7}, {0.0, 1.9}};

TEST(TokenLogProbs, EqualTheFormulaInValuesAndGradients) {
  for (const HeadOptions& options : kOptions) {
    for (const Dim tokens : {1, 5, 33}) {
      SCOPED_TRACE(options.softcap);
      const at::Tensor targets = targets_below(50, tokens);
      test::expect_same(chunked(targets, options), in_double(targets, options),
                        {normal({tokens, 12}, 1), normal({50, 12}, 2)}, 1e-5);
    }
  }
}

TEST(TokenLogProbs, TheReferenceEqualsTheFormulaToo) {
  for (const HeadOptions& options : kOptions) {
    const at::Tensor targets = targets_below(50, 9);
    test::expect_same(
        [&](const Tensors& in) {
          const TokenLogProbs out = reference::token_log_probs(in[0], in[1], targets, options);
          return Tensors{out.log_prob, out.entropy};
        },
        in_double(targets, options), {normal({9, 12}, 1), normal({50, 12}, 2)}, 2e-5);
  }
}

TEST(TokenLogProbs, ManyChunksGiveWhatOneGives) {
  HeadOptions options{30.0, 0.9};
  options.chunk_bytes = 4 * 1000 * 4;  // 4 rows
  const at::Tensor targets = targets_below(1000, 70);
  test::expect_same(chunked(targets, options), in_double(targets, options),
                    {normal({70, 16}, 1), normal({1000, 16}, 2)}, 1e-5);
}

TEST(TokenLogProbs, OnlyTheLogProbabilityNeedsAGradient) {
  const at::Tensor hidden = normal({6, 8}, 1).requires_grad_(true);
  const at::Tensor table = normal({20, 8}, 2);
  token_log_probs(hidden, table, targets_below(20, 6), {30.0, 1.0}).log_prob.sum().backward();
  const at::Tensor plain = hidden.detach().clone().requires_grad_(true);
  reference::token_log_probs(plain, table, targets_below(20, 6), {30.0, 1.0})
      .log_prob.sum()
      .backward();
  EXPECT_LE(test::relative_difference(hidden.grad(), plain.grad()), 5e-6);
  EXPECT_FALSE(table.grad().defined());
}

TEST(TokenLogProbs, EntropyOfEqualLogitsIsTheLogOfTheirNumber) {
  const TokenLogProbs out =
      token_log_probs(normal({2, 4}, 1), normal({64, 4}, 2).fill_(0.0), targets_below(64, 2), {});
  EXPECT_NEAR(out.entropy[0].item().toDouble(), std::log(64.0), 1e-5);
  EXPECT_NEAR(out.log_prob[1].item().toDouble(), -std::log(64.0), 1e-5);
}

TEST(TokenLogProbs, AProbabilityNearOneKeepsItsDigits) {
  // Logits 20, 20 - 12 and nothing else: log p = -log(1 + exp(-12)) = -6.144e-6.
  const at::Tensor hidden = at::tensor({1.0F}).view({1, 1});
  const at::Tensor table = at::tensor({20.0F, 8.0F}).view({2, 1});
  const TokenLogProbs out = token_log_probs(hidden, table, at::zeros({1}, at::kLong), {});
  EXPECT_NEAR(out.log_prob.item().toDouble(), -std::log1p(std::exp(-12.0)), 1e-7);
}

TEST(TokenLogProbs, LargeLogitsWithoutACapStayFinite) {
  const at::Tensor hidden = normal({3, 4}, 1, 100.0).requires_grad_(true);
  const TokenLogProbs out =
      token_log_probs(hidden, normal({9, 4}, 2, 100.0), targets_below(9, 3), {});
  EXPECT_TRUE(out.log_prob.isfinite().all().item().toBool());
  EXPECT_TRUE(out.entropy.isfinite().all().item().toBool());
  out.log_prob.sum().add(out.entropy.sum()).backward();
  EXPECT_TRUE(hidden.grad().isfinite().all().item().toBool());
}

// Counts what the tensors of this thread hold.
class HeldMemory : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t alloc_size, size_t, size_t, c10::Device) override {
    held_ += alloc_size;
    peak_ = std::max(peak_, held_);
  }
  bool memoryProfilingEnabled() const override { return true; }
  int64_t peak_bytes() const { return peak_; }

 private:
  int64_t held_ = 0;
  int64_t peak_ = 0;
};

TEST(TokenLogProbs, NeverHoldTheLogitsOfMoreThanAChunk) {
  const Dim tokens = 512, vocabulary = 8192;
  const at::Tensor hidden = normal({tokens, 2}, 1).requires_grad_(true);
  const at::Tensor table = normal({vocabulary, 2}, 2).requires_grad_(true);
  const at::Tensor targets = targets_below(vocabulary, tokens);
  HeadOptions options{30.0, 1.0};
  options.chunk_bytes = 16 * vocabulary * 4;  // 16 of 512 rows
  const auto memory = std::make_shared<HeldMemory>();
  {
    const c10::DebugInfoGuard watch(c10::DebugInfoKind::PROFILER_STATE, memory);
    token_log_probs(hidden, table, targets, options).log_prob.sum().backward();
  }
  EXPECT_GT(memory->peak_bytes(), options.chunk_bytes);  // the counter counts
  EXPECT_LT(memory->peak_bytes(), 8 * options.chunk_bytes);
}

TEST(HeadLogits, AreCappedInFp32AfterTheProductIsRounded) {
  const at::Tensor hidden = normal({4, 64}, 1).to(at::kBFloat16);
  const at::Tensor table = normal({9, 64}, 2, 4.0).to(at::kBFloat16);
  const at::Tensor logits = head_logits(hidden, table, 30.0);
  EXPECT_EQ(logits.scalar_type(), at::kFloat);
  EXPECT_LT(logits.abs().max().item().toDouble(), 30.0);
  const at::Tensor product = hidden.matmul(table.t());
  EXPECT_TRUE(logits.equal(product.to(at::kFloat).div(30.0).tanh().mul(30.0)));
}

}  // namespace
}  // namespace lapidary::ops
