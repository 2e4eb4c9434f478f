#include "ops/adamw.h"

#include <ATen/ops/zeros.h>

#include <cmath>

#include "ops/op_cases.h"

namespace lapidary::ops {
namespace {

using test::normal;

// Two steps against the formulas in double, from moments of zero.
void expect_two_steps(c10::ScalarType dtype, Dim count) {
  const at::Tensor parameter = normal({count}, 1).to(dtype).requires_grad_(true);
  const at::Tensor master = parameter.detach().to(at::kFloat);
  const at::Tensor moment = at::zeros({count}, at::kFloat);
  const at::Tensor second = at::zeros({count}, at::kFloat);
  at::Tensor value = master.to(at::kDouble);
  at::Tensor m = moment.to(at::kDouble);
  at::Tensor v = second.to(at::kDouble);
  for (int t = 1; t <= 2; ++t) {
    const at::Tensor gradient = normal({count}, 10 + static_cast<uint64_t>(t)).to(dtype);
    parameter.mutable_grad() = gradient;
    const double c1 = 1 - std::pow(0.9, t), c2 = 1 - std::pow(0.999, t);
    adamw_step({master, moment, second, parameter}, {1e-2, 0.9, 0.999, 1e-8, 0.1, c1, c2});
    const at::Tensor g = gradient.to(at::kDouble);
    m = m.mul(0.9).add(g, 0.1);
    v = v.mul(0.999).add(g.mul(g), 0.001);
    value = value.mul(1 - 1e-2 * 0.1).sub(m.div(c1).div(v.div(c2).sqrt().add(1e-8)), 1e-2);
  }
  EXPECT_LE(test::relative_difference(master, value), 2e-6);
  EXPECT_LE(test::relative_difference(second, v), 2e-6);
  EXPECT_TRUE(parameter.detach().equal(master.to(dtype)));
}

TEST(AdamWStep, EqualsTheFormula) {
  for (const Dim count : {1, 7, 64, 9001}) expect_two_steps(at::kFloat, count);
}

TEST(AdamWStep, RoundsABf16ParameterFromItsMaster) {
  for (const Dim count : {1, 7, 64, 9001}) expect_two_steps(at::kBFloat16, count);
}

}  // namespace
}  // namespace lapidary::ops
