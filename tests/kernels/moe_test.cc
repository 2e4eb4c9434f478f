#include "kernels/api/moe.h"

#include "kernels/arrays.h"

namespace lapidary {
namespace {

using kernels::Dtype;
using kernels::ExpertsShape;
using kernels::RouterShape;
using test::Array;

struct Router {
  Router(Dtype type, const RouterShape& s)
      : dtype(type),
        shape(s),
        residual(Array::random(type, s.tokens * s.hidden, 1, 2.0)),
        proj(Array::random(type, s.num_experts * s.hidden, 2)),
        scale(Array::random(type, s.hidden, 3)),
        per_expert_scale(Array::random(type, s.num_experts, 4)) {}

  struct Output {
    std::vector<float> weights;
    std::vector<int64_t> experts;
    std::vector<float> probs;
  };
  template <typename Function>
  Output run(Function function, Dim first, Dim tokens) const {
    Output out;
    out.weights.resize(static_cast<size_t>(tokens * shape.top_k));
    out.experts.resize(static_cast<size_t>(tokens * shape.top_k));
    out.probs.resize(static_cast<size_t>(tokens * shape.num_experts));
    RouterShape part = shape;
    part.tokens = tokens;
    function(dtype,
             {residual.at(first * shape.hidden), proj.data(), scale.data(), per_expert_scale.data(),
              out.weights.data(), out.experts.data(), out.probs.data()},
             part);
    return out;
  }

  Dtype dtype;
  RouterShape shape;
  Array residual, proj, scale, per_expert_scale;
};

const std::vector<RouterShape> kRouters = {
    {1, 64, 8, 2, 1e-6}, {33, 96, 16, 4, 1e-6}, {100, 40, 5, 5, 1e-6}, {3, 31, 1, 1, 1e-6}};

TEST(Route, EqualsTheReference) {
  for (const auto level : test::cpu_levels()) {
    const test::Settings settings(level, test::threads_runner<2>());
    for (const Dtype dtype : test::kDtypes) {
      for (const RouterShape& shape : kRouters) {
        const Router router(dtype, shape);
        const auto expected = router.run(kernels::reference::route, 0, shape.tokens);
        const auto actual = router.run(kernels::route, 0, shape.tokens);
        // In bfloat16 a last digit in the norm may become another choice between near equals.
        const double tolerance = dtype == Dtype::kFloat32 ? 3e-6 : 0.03;
        size_t differing = 0;
        for (size_t i = 0; i < expected.experts.size(); ++i) {
          if (actual.experts[i] != expected.experts[i]) {
            ++differing;
            continue;
          }
          EXPECT_NEAR(actual.weights[i], expected.weights[i],
                      tolerance * (1 + std::abs(expected.weights[i])));
        }
        EXPECT_LE(differing, dtype == Dtype::kFloat32 ? 0 : expected.experts.size() / 50 + 1);
        for (size_t i = 0; i < expected.probs.size(); ++i) {
          EXPECT_NEAR(actual.probs[i], expected.probs[i], tolerance);
        }
      }
    }
  }
}

TEST(Route, ATokensBitsDependOnlyOnTheToken) {
  for (const auto level : test::cpu_levels()) {
    const test::Settings settings(level, test::threads_runner<3>());
    for (const Dtype dtype : test::kDtypes) {
      const Router router(dtype, {100, 96, 16, 4, 1e-6});
      const auto together = router.run(kernels::route, 0, 100);
      for (const Dim token : {0, 1, 50, 99}) {
        const auto alone = router.run(kernels::route, token, 1);
        for (size_t k = 0; k < 4; ++k) {
          EXPECT_EQ(alone.experts[k], together.experts[static_cast<size_t>(token) * 4 + k]);
          EXPECT_EQ(alone.weights[k], together.weights[static_cast<size_t>(token) * 4 + k]);
        }
      }
    }
  }
}

TEST(Route, TiesGoToTheLowerId) {
  const RouterShape shape = {1, 8, 4, 2, 1e-6};
  Router router(Dtype::kFloat32, shape);
  for (Dim i = 0; i < router.proj.count(); ++i) router.proj.set(i, 0.5F);
  const auto out = router.run(kernels::route, 0, 1);
  EXPECT_EQ(out.experts, (std::vector<int64_t>{0, 1}));
}

struct Mixture {
  Mixture(Dtype type, const ExpertsShape& s)
      : dtype(type),
        shape(s),
        input(Array::random(type, s.tokens * s.hidden, 1)),
        gate_up(Array::random(type, s.num_experts * 2 * s.intermediate * s.hidden, 2,
                              1 / std::sqrt(static_cast<double>(s.hidden)))),
        down(Array::random(type, s.num_experts * s.hidden * s.intermediate, 3,
                           1 / std::sqrt(static_cast<double>(s.intermediate)))) {
    for (Dim t = 0; t < s.tokens; ++t) {
      // Distinct experts, the last of them never chosen where there are enough.
      const Dim choices = s.num_experts > s.top_k ? s.num_experts - 1 : s.num_experts;
      for (Dim k = 0; k < s.top_k; ++k) {
        weights.push_back(0.1F + 0.3F * static_cast<float>((t + k) % 5));
        experts.push_back((t * 7 + k * (choices > 1 ? choices - 1 : 1)) % choices);
      }
    }
  }
  template <typename Function>
  Array run(Function function, Dim first, Dim tokens) const {
    Array output(dtype, tokens * shape.hidden);
    ExpertsShape part = shape;
    part.tokens = tokens;
    function(
        dtype,
        {input.at(first * shape.hidden), gate_up.data(), down.data(),
         weights.data() + first * shape.top_k, experts.data() + first * shape.top_k, output.data()},
        part);
    return output;
  }

  Dtype dtype;
  ExpertsShape shape;
  Array input, gate_up, down;
  std::vector<float> weights;
  std::vector<int64_t> experts;
};

const std::vector<ExpertsShape> kMixtures = {{0, 8, 8, 2, 1},     {1, 64, 32, 8, 2},
                                             {32, 64, 32, 8, 2},  {5, 33, 19, 4, 3},
                                             {250, 40, 24, 2, 1}, {9, 700, 17, 3, 3}};

TEST(Experts, EqualTheReference) {
  for (const auto level : test::cpu_levels()) {
    const test::Settings settings(level, test::threads_runner<2>());
    for (const Dtype dtype : test::kDtypes) {
      for (const ExpertsShape& shape : kMixtures) {
        const Mixture mixture(dtype, shape);
        test::expect_near(mixture.run(kernels::experts, 0, shape.tokens),
                          mixture.run(kernels::reference::experts, 0, shape.tokens), dtype, 3e-6,
                          std::to_string(shape.tokens) + " tokens " + test::name(dtype));
      }
    }
  }
}

TEST(Experts, ATokensBitsDependOnlyOnTheToken) {
  for (const auto level : test::cpu_levels()) {
    for (const Dtype dtype : test::kDtypes) {
      for (const ExpertsShape& shape : kMixtures) {
        if (shape.tokens == 0) continue;
        const Mixture mixture(dtype, shape);
        const auto run = [&](kernels::ParallelRunner runner, Dim first, Dim tokens) {
          const test::Settings settings(level, runner);
          return mixture.run(kernels::experts, first, tokens).bits();
        };
        const std::string together = run(test::threads_runner<1>(), 0, shape.tokens);
        EXPECT_EQ(run(test::threads_runner<4>(), 0, shape.tokens), together);
        const size_t row_bytes = together.size() / static_cast<size_t>(shape.tokens);
        for (const Dim token : {Dim{0}, shape.tokens / 2, shape.tokens - 1}) {
          EXPECT_EQ(run(test::threads_runner<2>(), token, 1),
                    together.substr(static_cast<size_t>(token) * row_bytes, row_bytes));
        }
      }
    }
  }
}

TEST(Experts, WeightsOfUnchosenExpertsAreNotRead) {
  const ExpertsShape shape = {3, 16, 8, 4, 2};
  Mixture mixture(Dtype::kFloat32, shape);
  const std::string before = mixture.run(kernels::experts, 0, 3).bits();
  for (Dim i = 0; i < 2 * 8 * 16; ++i) mixture.gate_up.set(3 * 2 * 8 * 16 + i, NAN);
  for (Dim i = 0; i < 8 * 16; ++i) mixture.down.set(3 * 8 * 16 + i, NAN);
  EXPECT_EQ(mixture.run(kernels::experts, 0, 3).bits(), before);
}

}  // namespace
}  // namespace lapidary
