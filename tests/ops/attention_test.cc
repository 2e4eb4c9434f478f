#include "ops/attention.h"

#include <ATen/ops/cat.h>

#include "base/error.h"
#include "ops/op_cases.h"
#include "ops/reference.h"

namespace lapidary::ops {
namespace {

using test::normal;
using test::Tensors;

// One query head by hand, in double: softmax(q k^T) v over keys [first, last].
at::Tensor by_hand(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                   Dim first, Dim last) {
  const at::Tensor k = key.narrow(0, first, last - first + 1).to(at::kDouble);
  const at::Tensor v = value.narrow(0, first, last - first + 1).to(at::kDouble);
  return k.matmul(query.to(at::kDouble)).softmax(0).matmul(v);
}

TEST(PackedAttention, AQuerySeesExactlyTheWindowItselfIncluded) {
  const Dim tokens = 9;
  const at::Tensor q = normal({tokens, 1, 8}, 1), k = normal({tokens, 1, 8}, 2),
                   v = normal({tokens, 1, 8}, 3);
  for (const Dim window : {0, 1, 3, 20}) {
    const at::Tensor out = packed_attention(q, k, v, PackedRows::self({0, tokens}), window);
    for (Dim t = 0; t < tokens; ++t) {
      const Dim first = window == 0 ? 0 : std::max<Dim>(0, t - window + 1);
      const at::Tensor wanted = by_hand(q[t][0], k.select(1, 0), v.select(1, 0), first, t);
      EXPECT_LE(test::relative_difference(out[t][0], wanted), 1e-6) << window << " at " << t;
    }
  }
}

TEST(PackedAttention, QueryHeadReadsItsOwnGroupsKeys) {
  const at::Tensor q = normal({5, 6, 4}, 1), k = normal({5, 2, 4}, 2), v = normal({5, 2, 4}, 3);
  const at::Tensor out = packed_attention(q, k, v, PackedRows::self({0, 5}), 0);
  for (Dim head = 0; head < 6; ++head) {
    const at::Tensor wanted =
        by_hand(q[4][head], k.select(1, head / 3), v.select(1, head / 3), 0, 4);
    EXPECT_LE(test::relative_difference(out[4][head], wanted), 1e-6) << head;
  }
}

TEST(PackedAttention, QueriesAreTheLastOfTheirKeys) {
  // 3 cached tokens and 2 new ones give the last 2 rows of all 5.
  const at::Tensor q = normal({5, 2, 4}, 1), k = normal({5, 1, 4}, 2), v = normal({5, 1, 4}, 3);
  for (const Dim window : {0, 2, 4}) {
    const at::Tensor whole = packed_attention(q, k, v, PackedRows::self({0, 5}), window);
    const at::Tensor last = packed_attention(q.narrow(0, 3, 2), k, v, {{0, 2}, {0, 5}}, window);
    EXPECT_LE(test::relative_difference(last, whole.narrow(0, 3, 2)), 1e-6) << window;
  }
}

TEST(PackedAttention, NothingCrossesFromOneSequenceToAnother) {
  const at::Tensor q = normal({9, 2, 8}, 1), k = normal({9, 1, 8}, 2), v = normal({9, 1, 8}, 3);
  const at::Tensor both = packed_attention(q, k, v, PackedRows::self({0, 4, 9}), 3);
  const at::Tensor other = k.clone();
  other.narrow(0, 0, 4).mul_(-7.0);
  const at::Tensor changed = packed_attention(q, other, v, PackedRows::self({0, 4, 9}), 3);
  EXPECT_TRUE(both.narrow(0, 4, 5).equal(changed.narrow(0, 4, 5)));
  EXPECT_FALSE(both.narrow(0, 0, 4).equal(changed.narrow(0, 0, 4)));
}

TEST(PackedAttention, EqualsTheReferenceInValuesAndGradients) {
  const PackedRows rows{{0, 1, 8, 8, 25}, {0, 1, 8, 10, 30}};  // one sequence without queries
  const Dim sizes[][3] = {{4, 2, 16}, {3, 1, 8}, {2, 2, 64}};
  for (const auto& [heads, kv_heads, head_dim] : sizes) {
    for (const Dim window : {0, 1, 5, 16}) {
      const auto run = [&rows, window](auto operation) {
        return [&rows, window, operation](const Tensors& in) {
          return Tensors{operation(in[0], in[1], in[2], rows, window)};
        };
      };
      test::expect_same(run(packed_attention), run(reference::packed_attention),
                        {normal({25, heads, head_dim}, 1), normal({30, kv_heads, head_dim}, 2, 0.3),
                         normal({30, kv_heads, head_dim}, 3)},
                        5e-6);
    }
  }
}

TEST(DecodeAttention, EqualsPackedAttentionHoweverTheKeysAreCut) {
  const Dim head_dim = 16;
  const at::Tensor q = normal({2, 4, head_dim}, 1), k = normal({12, 2, head_dim}, 2),
                   v = normal({12, 2, head_dim}, 3);
  const at::Tensor wanted = packed_attention(q, k, v, {{0, 1, 2}, {0, 5, 12}}, 0);
  const auto run = [&](Dim first, Dim count) {
    return CacheRun{k[first].const_data_ptr(), v[first].const_data_ptr(), count};
  };
  const std::vector<CacheRun> whole{run(0, 5), run(5, 7)};
  const std::vector<CacheRun> cut{run(0, 1), run(1, 4), run(5, 3), run(8, 2), run(10, 2)};
  const at::Tensor a = decode_attention(q, whole, std::vector<Dim>{0, 1, 2}, 2);
  const at::Tensor b = decode_attention(q, cut, std::vector<Dim>{0, 2, 5}, 2);
  EXPECT_LE(test::relative_difference(a, wanted), 1e-6);
  EXPECT_TRUE(a.equal(b));
}

TEST(PackedAttention, ShapesThatContradictTheOffsetsAreAnError) {
  const at::Tensor q = normal({4, 2, 8}, 1), k = normal({4, 1, 8}, 2);
  EXPECT_THROW(packed_attention(q, k, k, PackedRows::self({0, 5}), 0), Error);
  EXPECT_THROW(packed_attention(q, k, k.narrow(0, 0, 3), PackedRows::self({0, 4}), 0), Error);
  EXPECT_THROW(packed_attention(normal({4, 3, 8}, 1), normal({4, 2, 8}, 1), normal({4, 2, 8}, 1),
                                PackedRows::self({0, 4}), 0),
               Error);
}

}  // namespace
}  // namespace lapidary::ops
