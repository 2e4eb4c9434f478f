// The operations on a GPU against their references on the CPU, values and gradients.
#include <ATen/Context.h>
#include <ATen/ops/tensor.h>

#include "base/check.h"
#include "ops/attention.h"
#include "ops/geglu.h"
#include "ops/log_prob.h"
#include "ops/moe.h"
#include "ops/norm.h"
#include "ops/op_cases.h"
#include "ops/reference.h"

namespace lapidary::ops {
namespace {

using test::Function;
using test::normal;
using test::Tensors;

class OnCuda : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!at::hasCUDA()) GTEST_SKIP() << "no GPU: nothing to compare";
  }
};

// The function of inputs that are brought to the GPU in a dtype, with its results brought back.
Function on_gpu(const Function& function, c10::ScalarType dtype = at::kFloat) {
  return [function, dtype](const Tensors& in) {
    Tensors moved;
    for (const at::Tensor& input : in) {
      moved.push_back(input.is_floating_point() ? input.to(at::kCUDA, dtype) : input.to(at::kCUDA));
    }
    Tensors out = function(moved);
    for (at::Tensor& output : out) {
      output = output.is_floating_point() ? output.to(at::kCPU, at::kFloat) : output.cpu();
    }
    return out;
  };
}

Function attention_of(const PackedRows& rows, Dim window, decltype(&packed_attention) operation) {
  return [rows, window, operation](const Tensors& in) {
    return Tensors{operation(in[0], in[1], in[2], rows, window)};
  };
}

TEST_F(OnCuda, PackedAttentionEqualsTheReference) {
  const PackedRows rows{{0, 1, 8, 25}, {0, 1, 10, 30}};
  const Dim sizes[][3] = {{4, 2, 16}, {3, 1, 8}, {2, 2, 64}, {2, 1, 256}, {4, 1, 512}};
  for (const auto& [heads, kv_heads, head_dim] : sizes) {
    const Tensors inputs{normal({25, heads, head_dim}, 1), normal({30, kv_heads, head_dim}, 2, 0.1),
                         normal({30, kv_heads, head_dim}, 3)};
    for (const Dim window : {0, 2, 5, 16}) {
      SCOPED_TRACE(cat("head_dim ", head_dim, " window ", window));
      const Function wanted = attention_of(rows, window, reference::packed_attention);
      test::expect_same(on_gpu(attention_of(rows, window, packed_attention)), wanted, inputs, 1e-5);
      test::expect_same(on_gpu(attention_of(rows, window, packed_attention), at::kBFloat16), wanted,
                        inputs, 3e-2);
    }
  }
}

TEST_F(OnCuda, ExpertsEqualTheReference) {
  const Dim tokens = 19, hidden = 32, inner = 24, count = 6;
  const auto run = [](auto operation) {
    return [operation](const Tensors& in) {
      return Tensors{operation(in[0], in[1], in[2], Routing{in[4], in[3], {}})};
    };
  };
  const at::Tensor chosen = normal({tokens, count}, 5).argsort(Dim{1}).narrow(1, 0, 2).contiguous();
  test::expect_same(on_gpu(run(experts)), run(reference::experts),
                    {normal({tokens, hidden}, 1), normal({count, 2 * inner, hidden}, 2, 0.2),
                     normal({count, hidden, inner}, 3, 0.2), normal({tokens, 2}, 4), chosen},
                    1e-5);
}

TEST_F(OnCuda, RouteNormAndGegluEqualTheReference) {
  const auto routed = [](auto operation) {
    return [operation](const Tensors& in) {
      const Routing routing = operation(in[0], {in[1], in[2], in[3]}, 2, 1e-6, KeepProbs::kYes);
      return Tensors{routing.weights, routing.probs};
    };
  };
  test::expect_same(on_gpu(routed(route)), routed(reference::route),
                    {normal({11, 16}, 1), normal({8, 16}, 2), normal({16}, 3), normal({8}, 4)},
                    1e-5);
  test::expect_same(
      on_gpu([](const Tensors& in) { return Tensors{rms_norm(in[0], in[1], 1e-6)}; }),
      [](const Tensors& in) { return Tensors{reference::rms_norm(in[0], in[1], 1e-6)}; },
      {normal({7, 48}, 1), normal({48}, 2)}, 1e-5);
  test::expect_same(
      on_gpu([](const Tensors& in) { return Tensors{geglu(in[0])}; }),
      [](const Tensors& in) { return Tensors{reference::geglu(in[0])}; }, {normal({7, 48}, 1)},
      1e-5);
}

TEST_F(OnCuda, LogProbsInChunksEqualTheReference) {
  const HeadOptions options{.softcap = 30.0, .temperature = 0.7, .chunk_bytes = 4 * 100 * 3};
  const auto run = [options](auto operation) {
    return [options, operation](const Tensors& in) {
      const TokenLogProbs out = operation(in[0], in[1], in[2], options);
      return Tensors{out.log_prob, out.entropy};
    };
  };
  const at::Tensor targets = normal({17, 100}, 4).argmax(1);
  test::expect_same(on_gpu(run(token_log_probs)), run(reference::token_log_probs),
                    {normal({17, 32}, 1), normal({100, 32}, 2), targets}, 1e-5);
}

}  // namespace
}  // namespace lapidary::ops
