#include "kernels/api/linear.h"

#include "kernels/arrays.h"

namespace lapidary {
namespace {

using kernels::LinearShape;
using test::Array;

std::string text(const LinearShape& shape) {
  return std::to_string(shape.rows) + " x " + std::to_string(shape.in) + " x " +
         std::to_string(shape.out);
}

const std::vector<LinearShape> kShapes = {
    {1, 1, 1},     {1, 64, 128},  {1, 513, 37}, {2, 17, 9},    {3, 96, 64},   {4, 512, 30},
    {5, 1030, 11}, {6, 31, 8},    {7, 32, 33},  {8, 1500, 20}, {13, 40, 5},   {32, 64, 128},
    {64, 100, 21}, {96, 520, 19}, {97, 48, 40}, {200, 530, 9}, {64, 1024, 16}};

TEST(Linear, EqualsTheReference) {
  for (const auto level : test::cpu_levels()) {
    const test::Settings settings(level);
    for (const auto dtype : test::kDtypes) {
      for (const LinearShape& shape : kShapes) {
        const Array input = Array::random(dtype, shape.rows * shape.in, 1);
        const Array weight = Array::random(dtype, shape.out * shape.in, 2,
                                           1 / std::sqrt(static_cast<double>(shape.in)));
        Array expected(dtype, shape.rows * shape.out);
        Array actual(dtype, shape.rows * shape.out);
        kernels::reference::linear(dtype, input.data(), weight.data(), expected.data(), shape);
        kernels::linear(dtype, input.data(), weight.data(), actual.data(), shape);
        test::expect_near(
            actual, expected, dtype, 1e-6,
            text(shape) + " " + test::name(dtype) + " " + std::string(kernels::to_string(level)));
      }
    }
  }
}

TEST(Linear, AcceptsEmptyShapes) {
  for (const auto dtype : test::kDtypes) {
    const Array some = Array::random(dtype, 64, 1);
    Array output(dtype, 4);
    kernels::linear(dtype, some.data(), some.data(), output.data(), {0, 8, 4});
    kernels::linear(dtype, some.data(), some.data(), output.data(), {4, 8, 0});
    kernels::linear(dtype, some.data(), some.data(), output.data(), {2, 0, 2});
    for (Dim i = 0; i < 4; ++i) EXPECT_EQ(output[i], 0.0F);
    EXPECT_TRUE(output.is_guard_whole());
  }
}

// The property behind tokens that do not depend on who shares the batch.
TEST(Linear, ARowsBitsDependOnlyOnTheRow) {
  constexpr Dim kMostRows = 200;
  for (const auto level : test::cpu_levels()) {
    for (const auto dtype : test::kDtypes) {
      for (const auto& [in, out] : std::vector<std::pair<Dim, Dim>>{{64, 128}, {1030, 37}}) {
        const Array input = Array::random(dtype, kMostRows * in, 3);
        const Array weight = Array::random(dtype, out * in, 4);
        const test::Settings settings(level, test::threads_runner<1>());
        Array alone(dtype, kMostRows * out);
        for (Dim r = 0; r < kMostRows; ++r) {
          kernels::linear(dtype, input.at(r * in), weight.data(), alone.at(r * out), {1, in, out});
        }
        for (const Dim rows : {2, 3, 4, 5, 6, 7, 8, 16, 31, 64, 96, 97, 200}) {
          Array together(dtype, rows * out);
          kernels::linear(dtype, input.data(), weight.data(), together.data(), {rows, in, out});
          EXPECT_EQ(together.bits(), alone.bits(0, rows * out))
              << rows << " rows of " << in << ", " << test::name(dtype) << ", "
              << kernels::to_string(level);
        }
      }
    }
  }
}

TEST(Linear, BitsDoNotDependOnTheNumberOfThreads) {
  for (const auto level : test::cpu_levels()) {
    for (const auto dtype : test::kDtypes) {
      for (const LinearShape& shape : kShapes) {
        const Array input = Array::random(dtype, shape.rows * shape.in, 5);
        const Array weight = Array::random(dtype, shape.out * shape.in, 6);
        const auto run = [&](kernels::ParallelRunner runner) {
          const test::Settings settings(level, runner);
          Array output(dtype, shape.rows * shape.out);
          kernels::linear(dtype, input.data(), weight.data(), output.data(), shape);
          return output.bits();
        };
        const std::string one = run(test::threads_runner<1>());
        EXPECT_EQ(run(test::threads_runner<2>()), one) << text(shape);
        EXPECT_EQ(run(test::threads_runner<5>()), one) << text(shape);
      }
    }
  }
}

TEST(Linear, ToFloatIsTheSameSumUnrounded) {
  for (const auto level : test::cpu_levels()) {
    const test::Settings settings(level);
    const LinearShape shape = {5, 70, 23};
    const auto dtype = kernels::Dtype::kBFloat16;
    const Array input = Array::random(dtype, shape.rows * shape.in, 7);
    const Array weight = Array::random(dtype, shape.out * shape.in, 8);
    Array rounded(dtype, shape.rows * shape.out);
    Array whole(kernels::Dtype::kFloat32, shape.rows * shape.out);
    kernels::linear(dtype, input.data(), weight.data(), rounded.data(), shape);
    kernels::linear_to_float(dtype, input.data(), weight.data(), static_cast<float*>(whole.data()),
                             shape);
    for (Dim i = 0; i < whole.count(); ++i) {
      EXPECT_EQ(kernels::rounded_to<kernels::BFloat16>(whole[i]), rounded[i]);
    }
  }
}

}  // namespace
}  // namespace lapidary
