#include "ops/recompute.h"

#include "ops/linear.h"
#include "ops/norm.h"
#include "ops/op_cases.h"

namespace lapidary::ops {
namespace {

using test::normal;

struct Parameters {
  at::Tensor weight = normal({12, 12}, 1).requires_grad_(true);
  at::Tensor norm = normal({12}, 2).requires_grad_(true);
};

Tensors body(const Parameters& parameters, const Tensors& inputs) {
  const at::Tensor hidden =
      linear(rms_norm(inputs[0], parameters.norm, 1e-6), parameters.weight).tanh();
  return {hidden.add(inputs[1]), hidden.mul(inputs[0])};
}

struct Result {
  Tensors outputs;
  Tensors gradients;
};

enum class How { kPlain, kRecompute, kNested };

Result run(How how) {
  const Parameters parameters;
  const at::Tensor x = normal({5, 12}, 3).requires_grad_(true);
  const at::Tensor y = normal({5, 12}, 4).requires_grad_(true);
  const auto once = [&](const Tensors& in) { return body(parameters, in); };
  const auto twice = [&](const Tensors& in) {
    return how == How::kNested ? recompute(once, once(in)) : once(once(in));
  };
  const Tensors outputs = how == How::kPlain ? twice({x, y}) : recompute(twice, {x, y});
  outputs[0].mul(outputs[1]).sum().backward();
  return {outputs, {x.grad(), y.grad(), parameters.weight.grad(), parameters.norm.grad()}};
}

void expect_bitwise_equal(const Result& a, const Result& b) {
  for (size_t i = 0; i < a.outputs.size(); ++i) EXPECT_TRUE(a.outputs[i].equal(b.outputs[i])) << i;
  for (size_t i = 0; i < a.gradients.size(); ++i)
    EXPECT_TRUE(a.gradients[i].equal(b.gradients[i])) << i;
}

TEST(Recompute, GivesBitwiseTheValuesAndGradientsOfThePlainCall) {
  expect_bitwise_equal(run(How::kRecompute), run(How::kPlain));
}

TEST(Recompute, CanBeNested) {
  expect_bitwise_equal(run(How::kNested), run(How::kPlain));
}

TEST(Recompute, AnOutputThatNothingDependsOnNeedsNoGradient) {
  const at::Tensor x = normal({3}, 1).requires_grad_(true);
  const Tensors outputs = recompute(
      [](const Tensors& in) {
        return Tensors{in[0].mul(2.0), in[0].mul(3.0)};
      },
      {x});
  outputs[1].sum().backward();
  EXPECT_TRUE(x.grad().equal(x.detach().mul(0.0).add(3.0)));
}

TEST(Recompute, InputsThatNeedNoGradientGetNone) {
  const at::Tensor x = normal({3}, 1).requires_grad_(true);
  const at::Tensor constant = normal({3}, 2);
  recompute([](const Tensors& in) { return Tensors{in[0].mul(in[1])}; }, {x, constant})[0]
      .sum()
      .backward();
  EXPECT_TRUE(x.grad().equal(constant));
  EXPECT_FALSE(constant.grad().defined());
}

TEST(Recompute, RunsTheFunctionOnceMoreInBackwardOnly) {
  int runs = 0;
  const at::Tensor x = normal({3}, 1).requires_grad_(true);
  const Tensors outputs = recompute(
      [&runs](const Tensors& in) {
        ++runs;
        return Tensors{in[0].exp()};
      },
      {x});
  EXPECT_EQ(runs, 1);
  outputs[0].sum().backward();
  EXPECT_EQ(runs, 2);
}

}  // namespace
}  // namespace lapidary::ops
