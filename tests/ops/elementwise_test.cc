// linear, geglu, gelu_gate, scaled_embedding.
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "base/error.h"
#include "ops/embedding.h"
#include "ops/geglu.h"
#include "ops/linear.h"
#include "ops/op_cases.h"
#include "ops/reference.h"

namespace lapidary::ops {
namespace {

using test::normal;
using test::Tensors;

TEST(Linear, IsTheProductWithTheTransposedWeight) {
  test::expect_same([](const Tensors& in) { return Tensors{linear(in[0], in[1])}; },
                    [](const Tensors& in) { return Tensors{in[0].matmul(in[1].t())}; },
                    {normal({7, 33}, 1), normal({20, 33}, 2)}, 2e-6);
  EXPECT_EQ(linear(normal({0, 3}, 1), normal({2, 3}, 2)).size(0), 0);
  EXPECT_THROW(linear(normal({2, 4}, 1), normal({2, 3}, 2)), Error);
}

TEST(Linear, ARowHasTheSameValueAloneAndInCompany) {
  for (const auto& [in, out] : {std::pair<Dim, Dim>{64, 8}, {32, 64}, {40, 48}, {300, 130}}) {
    const at::Tensor rows = normal({130, in}, 1);
    const at::Tensor weight = normal({out, in}, 2).requires_grad_(true);  // the path of training
    const at::Tensor all = linear(rows, weight);
    for (const auto& [first, count] :
         {std::pair<Dim, Dim>{0, 1}, {7, 2}, {0, 5}, {31, 49}, {1, 100}})
      EXPECT_TRUE(linear(rows.narrow(0, first, count), weight).equal(all.narrow(0, first, count)))
          << in << " to " << out << ", " << count << " rows";
  }
}

TEST(Geglu, GateIsTheFirstHalfAndTheActivationTheTanhForm) {
  const at::Tensor out = geglu(at::tensor({1.0F, 3.0F}).view({1, 2}));
  const double inner = std::sqrt(2.0 / 3.14159265358979) * (1.0 + 0.044715);
  EXPECT_NEAR(out[0][0].item().toDouble(), 0.5 * (1.0 + std::tanh(inner)) * 3.0, 1e-6);
}

TEST(Geglu, EqualsTheReferenceInValuesAndGradients) {
  for (const Dim rows : {0, 1, 9}) {
    test::expect_same([](const Tensors& in) { return Tensors{geglu(in[0])}; },
                      [](const Tensors& in) { return Tensors{reference::geglu(in[0])}; },
                      {normal({rows, 34}, 1)}, 2e-6);
    test::expect_same([](const Tensors& in) { return Tensors{gelu_gate(in[0], in[1])}; },
                      [](const Tensors& in) { return Tensors{reference::gelu_gate(in[0], in[1])}; },
                      {normal({rows, 5}, 1), normal({rows, 5}, 2)}, 2e-6);
  }
}

TEST(GeluGate, TakesAFactorThatIsAViewOfALargerTensor) {
  const at::Tensor all = normal({6, 3, 5}, 2);
  const at::Tensor gate = normal({6, 5}, 1);
  EXPECT_TRUE(gelu_gate(gate, all.select(1, 1)).equal(gelu_gate(gate, all.select(1, 1).clone())));
}

TEST(ScaledEmbedding, TheScaleIsRoundedToTheTablesDtypeFirst) {
  const at::Tensor ids = at::tensor(std::vector<int64_t>{1});
  const at::Tensor ones = at::zeros({2, 3}).add(1.0);
  const double root = std::sqrt(2816.0);  // 53.066
  EXPECT_EQ(scaled_embedding(ids, ones.to(at::kBFloat16), root, -1)[0][0].item().toDouble(), 53.0);
  EXPECT_EQ(scaled_embedding(ids, ones, root, -1)[0][0].item().toFloat(), static_cast<float>(root));
}

TEST(ScaledEmbedding, ThePaddingRowGetsNoGradient) {
  const at::Tensor table = normal({5, 3}, 1).requires_grad_(true);
  const at::Tensor ids = at::tensor(std::vector<int64_t>{0, 2, 2});
  scaled_embedding(ids, table, 2.0, 0).sum().backward();
  EXPECT_EQ(table.grad()[0].abs().max().item().toDouble(), 0.0);
  EXPECT_EQ(table.grad()[2][1].item().toDouble(), 4.0);
}

}  // namespace
}  // namespace lapidary::ops
