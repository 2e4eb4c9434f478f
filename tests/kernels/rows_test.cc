// Norms, rotation, GeGLU, soft cap and log-probs against the references.
#include "kernels/api/geglu.h"
#include "kernels/api/log_prob.h"
#include "kernels/api/norm.h"
#include "kernels/api/rope.h"
#include "kernels/arrays.h"

namespace lapidary {
namespace {

using kernels::Dtype;
using test::Array;

constexpr double kTolerance = 2e-6;
constexpr double kEps = 1e-6;

// body(dtype, what) at every level, once on one thread and once on three.
template <typename Body>
void everywhere(Body&& body) {
  for (const auto level : test::cpu_levels()) {
    for (const Dtype dtype : test::kDtypes) {
      for (const auto& runner : {test::threads_runner<1>(), test::threads_runner<3>()}) {
        const test::Settings settings(level, runner);
        body(dtype, test::name(dtype) + " " + std::string(kernels::to_string(level)));
      }
    }
  }
}

const std::vector<std::pair<Dim, Dim>> kRows = {{0, 8},  {1, 1},   {1, 7},   {3, 64},  {5, 33},
                                                {2, 96}, {7, 130}, {1, 512}, {4, 2816}};

TEST(RmsNorm, EqualsTheReference) {
  everywhere([](Dtype dtype, const std::string& what) {
    for (const auto& [rows, dim] : kRows) {
      const Array input = Array::random(dtype, rows * dim, 1, 3.0);
      const Array weight = Array::random(dtype, dim, 2);
      for (const void* w : {weight.data(), static_cast<const void*>(nullptr)}) {
        Array expected(dtype, rows * dim);
        Array actual(dtype, rows * dim);
        kernels::reference::rms_norm(dtype, input.data(), w, expected.data(), {rows, dim, kEps});
        kernels::rms_norm(dtype, input.data(), w, actual.data(), {rows, dim, kEps});
        test::expect_near(actual, expected, dtype, kTolerance, what + " " + std::to_string(dim));
      }
    }
  });
}

TEST(RmsNorm, WorksInPlace) {
  Array rows = Array::random(Dtype::kFloat32, 3 * 40, 1);
  const Array weight = Array::random(Dtype::kFloat32, 40, 2);
  Array apart(Dtype::kFloat32, 3 * 40);
  kernels::rms_norm(Dtype::kFloat32, rows.data(), weight.data(), apart.data(), {3, 40, kEps});
  kernels::rms_norm(Dtype::kFloat32, rows.data(), weight.data(), rows.data(), {3, 40, kEps});
  EXPECT_EQ(rows.bits(), apart.bits());
}

TEST(AddRmsNorm, EqualsTheReferenceWithAndWithoutScale) {
  everywhere([](Dtype dtype, const std::string& what) {
    for (const auto& [rows, dim] : kRows) {
      for (const float scale : {1.0F, 0.0894F}) {
        const Array residual = Array::random(dtype, rows * dim, 3, 2.0);
        const Array input = Array::random(dtype, rows * dim, 4, 0.5);
        const Array weight = Array::random(dtype, dim, 5);
        Array expected(dtype, rows * dim);
        Array actual(dtype, rows * dim);
        kernels::reference::add_rms_norm(dtype, residual.data(), input.data(), weight.data(), scale,
                                         expected.data(), {rows, dim, kEps});
        kernels::add_rms_norm(dtype, residual.data(), input.data(), weight.data(), scale,
                              actual.data(), {rows, dim, kEps});
        test::expect_near(actual, expected, dtype, kTolerance, what + " " + std::to_string(dim));
      }
    }
  });
}

TEST(SumOfRmsNorms, EqualsTheReference) {
  everywhere([](Dtype dtype, const std::string& what) {
    for (const auto& [rows, dim] : kRows) {
      const Array first = Array::random(dtype, rows * dim, 3, 2.0);
      const Array second = Array::random(dtype, rows * dim, 4, 0.5);
      const Array first_weight = Array::random(dtype, dim, 5);
      const Array second_weight = Array::random(dtype, dim, 6);
      Array expected(dtype, rows * dim);
      Array actual(dtype, rows * dim);
      kernels::reference::sum_of_rms_norms(dtype, first.data(), first_weight.data(), second.data(),
                                           second_weight.data(), expected.data(),
                                           {rows, dim, kEps});
      kernels::sum_of_rms_norms(dtype, first.data(), first_weight.data(), second.data(),
                                second_weight.data(), actual.data(), {rows, dim, kEps});
      test::expect_near(actual, expected, dtype, kTolerance, what + " " + std::to_string(dim));
    }
  });
}

TEST(QkvNormRope, EqualsTheReference) {
  using kernels::ValueSource;
  struct Case {
    Dim tokens, heads, kv_heads, head_dim;
    ValueSource source;
    Dim per_kv_head;  // projections of a kv head in qkv
  };
  const std::vector<Case> cases = {
      {0, 4, 2, 16, ValueSource::kProjection, 2}, {1, 4, 1, 32, ValueSource::kKey, 1},
      {5, 3, 3, 6, ValueSource::kProjection, 2},  {7, 8, 2, 64, ValueSource::kNone, 0},
      {3, 2, 1, 512, ValueSource::kKey, 1},       {2, 2, 2, 50, ValueSource::kProjection, 2}};
  everywhere([&](Dtype dtype, const std::string& what) {
    for (const Case& c : cases) {
      const Dim width = (c.heads + c.per_kv_head * c.kv_heads) * c.head_dim;
      const Array qkv = Array::random(dtype, c.tokens * width, 1, 2.0);
      const Array q_norm = Array::random(dtype, c.head_dim, 2);
      const Array k_norm = Array::random(dtype, c.head_dim, 3);
      Array cos(dtype, c.tokens * c.head_dim / 2);
      Array sin(dtype, c.tokens * c.head_dim / 2);
      for (Dim i = 0; i < cos.count(); ++i) {
        cos.set(i, std::cos(0.1F * static_cast<float>(i)));
        sin.set(i, std::sin(0.1F * static_cast<float>(i)));
      }
      const Dim kv = c.source == ValueSource::kNone ? 0 : c.tokens * c.kv_heads * c.head_dim;
      std::vector<Array> outputs[2];
      for (auto& out : outputs) {
        out = {Array(dtype, c.tokens * c.heads * c.head_dim), Array(dtype, kv), Array(dtype, kv)};
        const kernels::QkvNormRope arrays = {qkv.data(),    q_norm.data(), k_norm.data(),
                                             cos.data(),    sin.data(),    out[0].data(),
                                             out[1].data(), out[2].data()};
        const auto run =
            &out == outputs ? kernels::reference::qkv_norm_rope : kernels::qkv_norm_rope;
        run(dtype, arrays, {c.tokens, c.heads, c.kv_heads, c.head_dim, c.source, kEps});
      }
      for (size_t i = 0; i < 3; ++i) {
        test::expect_near(outputs[1][i], outputs[0][i], dtype, kTolerance,
                          what + " head_dim " + std::to_string(c.head_dim));
      }
    }
  });
}

TEST(Geglu, EqualsTheReference) {
  everywhere([](Dtype dtype, const std::string& what) {
    for (const auto& [rows, dim] : kRows) {
      const Array gate_up = Array::random(dtype, rows * 2 * dim, 1, 3.0);
      Array expected(dtype, rows * dim);
      Array actual(dtype, rows * dim);
      const auto arrays = [&](Array& output) {
        return kernels::GegluArrays{gate_up.data(), 2 * dim, gate_up.at(dim), 2 * dim,
                                    output.data()};
      };
      kernels::reference::geglu(dtype, arrays(expected), rows, dim);
      kernels::geglu(dtype, arrays(actual), rows, dim);
      test::expect_near(actual, expected, dtype, kTolerance, what + " " + std::to_string(dim));
    }
  });
}

TEST(Geglu, StaysExactFarFromZero) {
  const std::vector<float> gates = {-1e20F, -30.0F, -10.0F, -1e-6F, 0.0F, 1e-6F, 10.0F, 1e20F};
  const auto count = static_cast<Dim>(gates.size());
  Array gate(Dtype::kFloat32, count);
  Array up(Dtype::kFloat32, count);
  for (Dim i = 0; i < count; ++i) {
    gate.set(i, gates[static_cast<size_t>(i)]);
    up.set(i, 1.0F);
  }
  Array output(Dtype::kFloat32, count);
  kernels::geglu(Dtype::kFloat32, {gate.data(), count, up.data(), count, output.data()}, 1, count);
  EXPECT_EQ(output[0], 0.0F);
  EXPECT_EQ(output[1], 0.0F);
  EXPECT_NEAR(output[3], -5e-7F, 1e-12F);
  EXPECT_EQ(output[4], 0.0F);
  EXPECT_NEAR(output[5], 5e-7F, 1e-12F);
  EXPECT_EQ(output[6], 10.0F);
  EXPECT_EQ(output[7], 1e20F);
}

TEST(Softcap, EqualsTheReference) {
  for (const auto level : test::cpu_levels()) {
    const test::Settings settings(level, test::threads_runner<2>());
    for (const Dim count : {0, 1, 15, 512, 9001}) {
      for (const double spread : {0.01, 10.0, 400.0}) {
        Array expected = Array::random(Dtype::kFloat32, count, 1, spread);
        Array actual = expected;
        kernels::reference::softcap(static_cast<float*>(expected.data()), count, 30.0F);
        kernels::softcap(static_cast<float*>(actual.data()), count, 30.0F);
        for (Dim i = 0; i < count; ++i) {
          ASSERT_NEAR(actual[i], expected[i], 4e-7 * std::abs(expected[i])) << spread;
        }
      }
    }
  }
}

TEST(LogProbs, EqualTheReference) {
  for (const auto level : test::cpu_levels()) {
    const test::Settings settings(level, test::threads_runner<2>());
    for (const Dim vocabulary : {1, 5, 16, 512, 5000}) {
      for (const double temperature : {1.0, 0.7}) {
        constexpr Dim kRowCount = 3;
        Array logits = Array::random(Dtype::kFloat32, kRowCount * vocabulary, 1, 8.0);
        if (vocabulary > 5) logits.set(3, -INFINITY);  // a forbidden token
        const std::vector<int64_t> targets = {0, vocabulary - 1, vocabulary / 2};
        kernels::RowLogProb expected[kRowCount];
        kernels::RowLogProb actual[kRowCount];
        const auto* rows = static_cast<const float*>(logits.data());
        for (const int64_t* t : {targets.data(), static_cast<const int64_t*>(nullptr)}) {
          kernels::reference::log_probs(rows, t, kRowCount, vocabulary, temperature, expected);
          kernels::log_probs(rows, t, kRowCount, vocabulary, temperature, actual);
          for (Dim r = 0; r < kRowCount; ++r) {
            EXPECT_NEAR(actual[r].log_prob, expected[r].log_prob,
                        1e-6 * (1 + std::abs(expected[r].log_prob)));
            EXPECT_NEAR(actual[r].entropy, expected[r].entropy, 2e-6);
            EXPECT_EQ(actual[r].best, expected[r].best);
          }
        }
      }
    }
  }
}

TEST(LogProbs, TheFirstOfEqualLogitsIsBest) {
  Array logits(Dtype::kFloat32, 40);
  logits.set(17, 2.0F);
  logits.set(33, 2.0F);
  kernels::RowLogProb row;
  kernels::log_probs(static_cast<const float*>(logits.data()), nullptr, 1, 40, 1.0, &row);
  EXPECT_EQ(row.best, 17);
}

}  // namespace
}  // namespace lapidary
