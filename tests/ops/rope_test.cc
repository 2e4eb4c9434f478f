#include "ops/rope.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>

#include "ops/op_cases.h"
#include "ops/reference.h"

namespace lapidary::ops {
namespace {

using test::normal;
using test::Tensors;

constexpr double kEps = 1e-6;

at::Tensor no_weight(Dim dim) {
  return normal({dim}, 0).fill_(1.0);
}

TEST(RopeInverseFrequencies, DefaultRotatesEveryPair) {
  const at::Tensor f = rope_inverse_frequencies(RopeType::kDefault, 256, 1e4, 1.0, 1.0);
  ASSERT_EQ(f.numel(), 128);
  EXPECT_EQ(f[0].item().toDouble(), 1.0);
  EXPECT_NEAR(f[127].item().toDouble(), std::pow(1e4, -254.0 / 256), 1e-9);
}

TEST(RopeInverseFrequencies, ProportionalKeepsAQuarterWithTheWholeHeadAsDenominator) {
  const at::Tensor f = rope_inverse_frequencies(RopeType::kProportional, 512, 1e6, 0.25, 1.0);
  ASSERT_EQ(f.numel(), 256);
  EXPECT_NEAR(f[1].item().toDouble(), std::pow(1e6, -2.0 / 512), 1e-6);
  EXPECT_GT(f[63].item().toDouble(), 0.0);
  EXPECT_EQ(f.narrow(0, 64, 192).abs().max().item().toDouble(), 0.0);
}

TEST(RopeInverseFrequencies, FactorDividesAndAnOddShareIsRoundedDown) {
  const at::Tensor f = rope_inverse_frequencies(RopeType::kProportional, 16, 5e4, 0.6, 2.0);
  EXPECT_EQ(f[0].item().toDouble(), 0.5);
  EXPECT_GT(f[3].item().toDouble(), 0.0);  // int(0.6 * 16 // 2) = 4 pairs
  EXPECT_EQ(f[4].item().toDouble(), 0.0);
}

TEST(QkvNormRope, RotatesDimJWithDimJPlusHalf) {
  // One head of 4 dims at position 1: [a, b, c, d] pairs a with c and b with d.
  const at::Tensor frequencies = rope_inverse_frequencies(RopeType::kDefault, 4, 100.0, 1.0, 1.0);
  const RopeTable rope = rope_table(at::arange(1, 2, at::kLong), frequencies, at::kFloat);
  const at::Tensor q =
      at::cat({no_weight(1), no_weight(3).fill_(0.0)}).view({1, 4});  // [1, 0, 0, 0]
  const Qkv out = qkv_norm_rope(q, no_weight(4), at::Tensor(), rope, {1, 1, 4}, ValueSource::kNone,
                                /*eps=*/0.0);
  const at::Tensor y = out.query.flatten();  // normed to [2, 0, 0, 0] first
  EXPECT_NEAR(y[0].item().toDouble(), 2 * std::cos(1.0), 1e-6);
  EXPECT_NEAR(y[2].item().toDouble(), 2 * std::sin(1.0), 1e-6);
  EXPECT_EQ(y[1].item().toDouble(), 0.0);
  EXPECT_EQ(y[3].item().toDouble(), 0.0);
  EXPECT_FALSE(out.key.defined());
  EXPECT_FALSE(out.value.defined());
}

TEST(QkvNormRope, ValueOfKeyIsTheRawProjectionNormedWithoutWeightAndNotRotated) {
  const HeadShape shape{2, 1, 8};
  const at::Tensor qkv = normal({3, 24}, 1);
  const RopeTable rope =
      rope_table(at::arange(5, 8, at::kLong),
                 rope_inverse_frequencies(RopeType::kDefault, 8, 1e4, 1.0, 1.0), at::kFloat);
  const at::Tensor k_norm = normal({8}, 2);
  const Qkv out = qkv_norm_rope(qkv, no_weight(8), k_norm, rope, shape, ValueSource::kKey, kEps);
  const at::Tensor raw = qkv.narrow(1, 16, 8);
  const at::Tensor wanted = raw.div(raw.square().mean(-1, true).add(kEps).sqrt());
  EXPECT_LE(test::relative_difference(out.value.squeeze(1), wanted), 1e-6);
}

TEST(QkvNormRope, EqualsTheReferenceInValuesAndGradients) {
  const Dim sizes[][3] = {{4, 2, 16}, {8, 1, 8}, {1, 1, 2}, {6, 3, 32}};
  for (const auto& [heads, kv_heads, head_dim] : sizes) {
    for (const ValueSource source :
         {ValueSource::kProjection, ValueSource::kKey, ValueSource::kNone}) {
      const Dim parts = source == ValueSource::kProjection ? 2
                        : source == ValueSource::kKey      ? 1
                                                           : 0;
      const RopeTable rope = rope_table(
          at::arange(3, 10, at::kLong),
          rope_inverse_frequencies(RopeType::kProportional, head_dim, 1e4, 0.5, 1.0), at::kFloat);
      const HeadShape shape{heads, kv_heads, head_dim};
      const auto run = [&](auto operation) {
        return [&, operation](const Tensors& in) {
          const Qkv out = operation(in[0], in[1], in[2], rope, shape, source, kEps);
          if (source == ValueSource::kNone) return Tensors{out.query, in[2].mul(1.0)};
          return Tensors{out.query, out.key, out.value};
        };
      };
      test::expect_same(run(qkv_norm_rope), run(reference::qkv_norm_rope),
                        {normal({7, (heads + parts * kv_heads) * head_dim}, 1),
                         normal({head_dim}, 2), normal({head_dim}, 3)},
                        3e-6);
    }
  }
}

}  // namespace
}  // namespace lapidary::ops
