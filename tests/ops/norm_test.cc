#include "ops/norm.h"

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include "base/text.h"
#include "ops/op_cases.h"
#include "ops/reference.h"

namespace lapidary::ops {
namespace {

using test::expect_same;
using test::normal;
using test::Tensors;

constexpr double kEps = 1e-6;

TEST(RmsNorm, DividesByTheRootMeanSquareAndMultipliesByThePlainWeight) {
  const at::Tensor x = at::tensor({3.0F, 4.0F}).view({1, 2});  // mean square 12.5
  const at::Tensor y = rms_norm(x, at::tensor({1.0F, 2.0F}), 0.0);
  EXPECT_NEAR(y[0][0].item().toDouble(), 3.0 / std::sqrt(12.5), 1e-6);
  EXPECT_NEAR(y[0][1].item().toDouble(), 2.0 * 4.0 / std::sqrt(12.5), 1e-6);
}

TEST(RmsNorm, EpsIsAddedToTheMeanSquareSoThatZerosStayZeros) {
  const at::Tensor y = rms_norm(at::full({2, 3}, 0.0F), at::Tensor(), kEps);
  EXPECT_EQ(y.abs().max().item().toDouble(), 0.0);
  const at::Tensor small = rms_norm(at::full({1, 4}, 1e-3F), at::Tensor(), kEps);
  EXPECT_NEAR(small[0][0].item().toDouble(), 1e-3 / std::sqrt(2e-6), 1e-6);
}

TEST(RmsNorm, RoundsOnceInBfloat16) {
  const at::Tensor x = normal({5, 33}, 1).to(at::kBFloat16);
  const at::Tensor weight = normal({33}, 2).to(at::kBFloat16);
  const at::Tensor in_double = [&] {
    const at::Tensor wide = x.to(at::kDouble);
    return wide.div(wide.square().mean(-1, true).add(kEps).sqrt()).mul(weight.to(at::kDouble));
  }();
  const at::Tensor y = rms_norm(x, weight, kEps);
  EXPECT_EQ(y.scalar_type(), at::kBFloat16);
  // One rounding: half a unit in the last of 8 bits.
  const at::Tensor off = y.to(at::kDouble).sub(in_double).abs().div(in_double.abs());
  EXPECT_LE(off.max().item().toDouble(), 1.0 / 256 * 1.001);
}

TEST(RmsNorm, EqualsTheReferenceInValuesAndGradientsForEdgeShapes) {
  for (const Dim rows : {0, 1, 3, 17}) {
    for (const Dim dim : {1, 7, 16, 257}) {
      SCOPED_TRACE(cat("rows ", rows, " dim ", dim));
      expect_same(
          [](const Tensors& in) { return Tensors{rms_norm(in[0], in[1], kEps)}; },
          [](const Tensors& in) { return Tensors{reference::rms_norm(in[0], in[1], kEps)}; },
          {normal({rows, dim}, 1), normal({dim}, 2)}, 2e-6);
    }
  }
}

TEST(RmsNorm, GradientsAgreeWithFiniteDifferences) {
  test::expect_finite_differences_agree(
      [](const Tensors& in) { return Tensors{rms_norm(in[0], in[1], kEps)}; },
      {normal({4, 9}, 1), normal({9}, 2)});
}

TEST(AddRmsNorm, RoundsAsTheTwoSeparateOperations) {
  for (const c10::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const at::Tensor residual = normal({6, 40}, 1).to(dtype);
    const at::Tensor x = normal({6, 40}, 2).to(dtype);
    const at::Tensor weight = normal({40}, 3).to(dtype);
    EXPECT_TRUE(
        add_rms_norm(residual, x, weight, kEps).equal(residual.add(rms_norm(x, weight, kEps))));
  }
}

}  // namespace
}  // namespace lapidary::ops
