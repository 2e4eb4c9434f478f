#include "train/optimizer.h"

#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/dim.h"
#include "train/grad_clip.h"

namespace lapidary::train {
namespace {

at::Tensor filled(std::vector<Dim> shape, double value, c10::ScalarType dtype = at::kFloat) {
  return at::full(shape, value, dtype);
}

TEST(AdamW, StepsAsTheFormulaSays) {
  // Two steps with gradients 0.5 and -0.25, by hand.
  const AdamWOptions options{
      .lr = 0.1, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-8, .weight_decay = 0.2};
  const at::Tensor parameter = filled({1, 1}, 3.0);
  AdamW optimizer({parameter}, options);
  double value = 3.0, m = 0.0, v = 0.0;
  int step = 0;
  for (const double g : {0.5, -0.25}) {
    optimizer.step({at::full_like(parameter, g)});
    ++step;
    m = 0.9 * m + 0.1 * g;
    v = 0.99 * v + 0.01 * g * g;
    value *= 1.0 - 0.1 * 0.2;
    value -=
        0.1 * (m / (1 - std::pow(0.9, step))) / (std::sqrt(v / (1 - std::pow(0.99, step))) + 1e-8);
    EXPECT_NEAR(parameter.item().toDouble(), value, 1e-6) << "step " << step;
  }
}

TEST(AdamW, DecaysMatricesAndStacksButNotVectors) {
  const AdamWOptions options{
      .lr = 0.5, .beta1 = 0.9, .beta2 = 0.99, .eps = 1.0, .weight_decay = 0.5};
  const std::vector<at::Tensor> parameters{filled({4}, 1.0), filled({2, 2}, 1.0),
                                           filled({2, 2, 2}, 1.0)};
  AdamW optimizer(parameters, options);
  optimizer.step({filled({4}, 0.0), filled({2, 2}, 0.0), filled({2, 2, 2}, 0.0)});
  EXPECT_EQ(parameters[0][0].item().toDouble(), 1.0);
  EXPECT_EQ(parameters[1][0][0].item().toDouble(), 0.75);
  EXPECT_EQ(parameters[2][0][0][0].item().toDouble(), 0.75);
}

TEST(AdamW, AParameterWithoutAGradientIsLeftAlone) {
  const at::Tensor parameter = filled({2, 2}, 1.0);
  AdamW optimizer({parameter}, {});
  optimizer.step({at::Tensor()});
  EXPECT_EQ(parameter[0][0].item().toDouble(), 1.0);
  EXPECT_EQ(optimizer.num_steps(), 1);
}

TEST(AdamW, StepsBelowTheResolutionOfBfloat16AddUpInTheFp32Copy) {
  const AdamWOptions options{
      .lr = 1e-4, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-8, .weight_decay = 0.0};
  const at::Tensor parameter = filled({1, 1}, 1.0, at::kBFloat16);  // next below 1: 0.99609375
  AdamW optimizer({parameter}, options);
  for (int step = 0; step < 60; ++step) {
    optimizer.step({at::full_like(parameter, 1.0)});
  }
  EXPECT_EQ(parameter.item().toDouble(), 0.9921875);  // 1 - 60 * 1e-4, rounded once
}

TEST(GradNorm, IsTheNormOverAllElementsOfAllGradients) {
  const std::vector<at::Tensor> gradients{at::tensor({3.0F}), at::full({2, 2}, 2.0F)};
  EXPECT_NEAR(grad_norm(gradients).item().toDouble(), 5.0, 1e-6);
  EXPECT_EQ(grad_norm({}).item().toDouble(), 0.0);
}

TEST(GradClip, ScalesDownToTheLimitAndNeverUp) {
  const std::vector<at::Tensor> gradients{at::tensor({3.0F}), at::tensor({4.0F})};
  clip_grad_norm(gradients, grad_norm(gradients), 10.0);
  EXPECT_EQ(gradients[0].item().toDouble(), 3.0);
  clip_grad_norm(gradients, grad_norm(gradients), 1.0);
  EXPECT_NEAR(gradients[0].item().toDouble(), 3.0 / (5.0 + 1e-6), 1e-7);
  EXPECT_NEAR(gradients[1].item().toDouble(), 4.0 / (5.0 + 1e-6), 1e-7);
}

}  // namespace
}  // namespace lapidary::train
