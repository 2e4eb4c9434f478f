// Comparing an operation with its plain reference, values and gradients.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "base/dim.h"

namespace lapidary::ops::test {

using Tensors = std::vector<at::Tensor>;
using Function = std::function<Tensors(const Tensors&)>;

// Normal values that depend on the shape and the seed alone.
inline at::Tensor normal(std::vector<Dim> shape, uint64_t seed, double scale = 1.0) {
  at::Generator generator = at::detail::createCPUGenerator(seed);
  return at::empty(shape, at::kFloat).normal_(0.0, scale, generator);
}

// Outputs, then the gradients of sum(output * fixed noise) in every floating input.
inline Tensors values_and_gradients(const Function& function, const Tensors& inputs) {
  Tensors leaves;
  for (const at::Tensor& input : inputs) {
    leaves.push_back(input.detach().clone());
    if (input.is_floating_point()) leaves.back().requires_grad_(true);
  }
  Tensors out = function(leaves);
  at::Tensor sum;
  uint64_t seed = 1000;
  for (const at::Tensor& output : out) {
    const at::Tensor noise = normal(output.sizes().vec(), seed++).to(output.scalar_type());
    const at::Tensor term = output.mul(noise).to(at::kDouble).sum();
    sum = sum.defined() ? sum.add(term) : term;
  }
  sum.backward();
  for (const at::Tensor& leaf : leaves) {
    if (leaf.is_floating_point()) out.push_back(leaf.grad());
  }
  return out;
}

// Largest |a - b| over the largest |b|.
inline double relative_difference(const at::Tensor& a, const at::Tensor& b) {
  if (b.numel() == 0) return a.sizes() == b.sizes() ? 0.0 : 1.0;
  const at::Tensor want = b.detach().to(at::kDouble);
  const double scale = want.abs().max().item().toDouble();
  const double off = a.detach().to(at::kDouble).sub(want).abs().max().item().toDouble();
  return scale == 0.0 ? off : off / scale;
}

inline void expect_same(const Function& fast, const Function& reference, const Tensors& inputs,
                        double tolerance) {
  const Tensors found = values_and_gradients(fast, inputs);
  const Tensors wanted = values_and_gradients(reference, inputs);
  ASSERT_EQ(found.size(), wanted.size());
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].defined(), wanted[i].defined()) << "result " << i;
    if (!found[i].defined()) continue;
    EXPECT_EQ(found[i].sizes(), wanted[i].sizes()) << "result " << i;
    EXPECT_LE(relative_difference(found[i], wanted[i]), tolerance) << "result " << i;
  }
}

// The gradients of `function` (fp32 in and out) against central differences in double precision is
// not possible through fp32 operations; a coarse step and tolerance still catch a wrong formula.
inline void expect_finite_differences_agree(const Function& function, const Tensors& inputs,
                                            double tolerance = 2e-2) {
  const Tensors all = values_and_gradients(function, inputs);
  const auto weighted_sum = [&](const Tensors& at_inputs) {
    double total = 0.0;
    uint64_t seed = 1000;
    for (const at::Tensor& output : function(at_inputs)) {
      total += output.detach()
                   .to(at::kDouble)
                   .mul(normal(output.sizes().vec(), seed++))
                   .sum()
                   .item()
                   .toDouble();
    }
    return total;
  };
  size_t next = all.size();
  for (const at::Tensor& input : inputs) {
    if (input.is_floating_point()) --next;
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].is_floating_point()) continue;
    const at::Tensor gradient = all[next++].to(at::kDouble);
    const at::Tensor direction = normal(inputs[i].sizes().vec(), 77 + i);
    constexpr double kStep = 1e-2;
    Tensors ahead = inputs;
    Tensors behind = inputs;
    ahead[i] = inputs[i].add(direction, kStep);
    behind[i] = inputs[i].sub(direction, kStep);
    const double numeric = (weighted_sum(ahead) - weighted_sum(behind)) / (2 * kStep);
    const double analytic = gradient.mul(direction).sum().item().toDouble();
    EXPECT_NEAR(analytic, numeric, tolerance * (1.0 + std::abs(numeric))) << "input " << i;
  }
}

}  // namespace lapidary::ops::test
