#include "ops/moe.h"

#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "ops/geglu.h"
#include "ops/op_cases.h"
#include "ops/reference.h"

namespace lapidary::ops {
namespace {

using test::normal;
using test::Tensors;

constexpr double kEps = 1e-6;

RouterWeights router(Dim experts, Dim hidden, uint64_t seed) {
  return {normal({experts, hidden}, seed), normal({hidden}, seed + 1).abs_().add_(0.5),
          normal({experts}, seed + 2).abs_().add_(0.5)};
}

TEST(Route, WeightsAreRenormalisedThenScaledPerExpert) {
  const RouterWeights weights = router(8, 12, 1);
  const at::Tensor residual = normal({5, 12}, 9, 30.0);
  const Routing routing = route(residual, weights, 3, kEps, KeepProbs::kYes);
  EXPECT_NEAR(routing.probs.sum().item().toDouble(), 5.0, 1e-5);
  const at::Tensor unscaled = routing.weights.div(
      weights.per_expert_scale.index_select(0, routing.experts.flatten()).view({5, 3}));
  EXPECT_LE(test::relative_difference(unscaled.sum(-1), at::zeros({5}).add(1.0)), 1e-6);
  const at::Tensor chosen = routing.probs.gather(-1, routing.experts);
  EXPECT_LE(test::relative_difference(unscaled, chosen.div(chosen.sum(-1, true))), 1e-6);
}

TEST(Route, TheResidualsSizeDoesNotMatter) {
  const RouterWeights weights = router(8, 12, 1);
  const at::Tensor residual = normal({5, 12}, 9);
  const Routing a = route(residual, weights, 2, 0.0, KeepProbs::kNo);
  const Routing b = route(residual.mul(16.0), weights, 2, 0.0, KeepProbs::kNo);
  EXPECT_FALSE(a.probs.defined());
  EXPECT_TRUE(a.experts.equal(b.experts));
  EXPECT_LE(test::relative_difference(a.weights, b.weights), 1e-6);
}

TEST(Route, TiesGoToTheLowerExpert) {
  RouterWeights weights = router(6, 4, 1);
  weights.proj.fill_(0.0);
  const Routing routing = route(normal({3, 4}, 2), weights, 4, kEps, KeepProbs::kNo);
  for (Dim token = 0; token < 3; ++token) {
    for (Dim place = 0; place < 4; ++place)
      EXPECT_EQ(routing.experts[token][place].item().toLong(), place);
  }
}

TEST(Route, EqualsTheReferenceInValuesAndGradients) {
  for (const Dim top_k : {1, 3, 8}) {
    const auto run = [top_k](auto operation) {
      return [top_k, operation](const Tensors& in) {
        const Routing routing =
            operation(in[0], {in[1], in[2], in[3]}, top_k, kEps, KeepProbs::kYes);
        return Tensors{routing.weights, routing.probs};
      };
    };
    test::expect_same(run(route), run(reference::route),
                      {normal({11, 16}, 1), normal({8, 16}, 2), normal({16}, 3), normal({8}, 4)},
                      5e-6);
  }
}

// Each token's experts one at a time, no permutation.
at::Tensor token_by_token(const at::Tensor& input, const at::Tensor& gate_up,
                          const at::Tensor& down, const Routing& routing) {
  std::vector<at::Tensor> rows;
  for (Dim token = 0; token < input.size(0); ++token) {
    at::Tensor sum = input[token].mul(0.0);
    for (Dim place = 0; place < routing.experts.size(1); ++place) {
      const Dim expert = routing.experts[token][place].item().toLong();
      const at::Tensor inner =
          geglu(input[token].unsqueeze(0).matmul(gate_up[expert].t())).squeeze(0);
      sum = sum.add(inner.matmul(down[expert].t()).mul(routing.weights[token][place]));
    }
    rows.push_back(sum);
  }
  return at::stack(rows);
}

TEST(Experts, EqualTokenByTokenComputationInValuesAndGradients) {
  const Dim num_experts = 6, hidden = 10, intermediate = 7, tokens = 13;
  const at::Tensor ids =
      normal({tokens, num_experts}, 5).argsort(int64_t{-1}).narrow(-1, 0, 2).contiguous();
  const auto run = [&ids](auto operation) {
    return [&ids, operation](const Tensors& in) {
      return Tensors{operation(in[0], in[1], in[2], {in[3], ids, {}})};
    };
  };
  const Tensors inputs{normal({tokens, hidden}, 1),
                       normal({num_experts, 2 * intermediate, hidden}, 2),
                       normal({num_experts, hidden, intermediate}, 3), normal({tokens, 2}, 4)};
  test::expect_same(run(experts), run(token_by_token), inputs, 5e-6);
  test::expect_same(run(experts), run(reference::experts), inputs, 5e-6);
}

TEST(Experts, OnesWithoutATokenGetZeroGradientAndOneMayTakeAllTokens) {
  const at::Tensor ids = at::zeros({5, 1}, at::kLong).add(2);
  Tensors inputs{normal({5, 4}, 1), normal({4, 6, 4}, 2), normal({4, 4, 3}, 3), normal({5, 1}, 4)};
  const Tensors all = test::values_and_gradients(
      [&ids](const Tensors& in) {
        return Tensors{experts(in[0], in[1], in[2], {in[3], ids, {}})};
      },
      inputs);
  const at::Tensor gate_up_gradient = all[2];
  for (const Dim expert : {0, 1, 3})
    EXPECT_EQ(gate_up_gradient[expert].abs().max().item().toDouble(), 0.0);
  EXPECT_GT(gate_up_gradient[2].abs().max().item().toDouble(), 0.0);
}

TEST(Experts, NoTokensGiveNoRows) {
  const at::Tensor out = experts(normal({0, 4}, 1), normal({2, 6, 4}, 2), normal({2, 4, 3}, 3),
                                 {normal({0, 2}, 4), at::zeros({0, 2}, at::kLong), {}});
  EXPECT_EQ(out.size(0), 0);
}

}  // namespace
}  // namespace lapidary::ops
