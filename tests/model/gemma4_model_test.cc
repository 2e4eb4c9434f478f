// The forward and its gradients against the values of Hugging Face (the parity tests of cli compare
// everything; here are the claims that are about this model alone).
#include <c10/core/GradMode.h>

#include "base/error.h"
#include "model/fixture_model.h"

namespace lapidary::model {
namespace {

using test::load_fixture;
using test::sequences;
using test::starts_of;

// max |a - b| / max |b|
double relative_difference(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor wanted = b.detach().to(at::kDouble);
  return a.detach().to(at::kDouble).sub(wanted).abs().max().item().toDouble() /
         wanted.abs().max().item().toDouble();
}

// Logits of `ids` packed as given; the sum of their products with fixed noise is differentiated.
at::Tensor logits_and_gradients(const Gemma4Model& model, const std::vector<at::Tensor>& ids,
                                Recompute recompute = Recompute::kNone) {
  PackedContext context(starts_of(ids), c10::kCPU);
  const at::Tensor logits =
      model.logits(model.hidden(at::cat(ids), context, {.recompute = recompute, .observer = {}}));
  if (!logits.requires_grad()) return logits;
  Dim row = 0;
  at::Tensor loss;
  for (const at::Tensor& one : ids) {  // a sequence has the same weights alone and in a pack
    for (Dim t = 0; t + 1 < one.size(0); ++t) {
      const at::Tensor term = logits[row + t].log_softmax(-1)[one[t + 1].item().toLong()];
      loss = loss.defined() ? loss.add(term) : term;
    }
    row += one.size(0);
  }
  loss.backward();
  return logits.detach();
}

class EveryFixture : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Gemma4Model, EveryFixture, ::testing::ValuesIn(test::kFixtures),
                         [](const auto& fixture) {
                           std::string name = fixture.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST_P(EveryFixture, LogitsAreThoseOfHuggingFace) {
  const c10::NoGradGuard no_grad;
  const Gemma4Model model = load_fixture(GetParam());
  const std::vector<at::Tensor> ids = sequences(GetParam());
  for (size_t i = 0; i < ids.size(); ++i) {
    const at::Tensor wanted = test::expected(GetParam(), cat("seq", i, ".logits"));
    const at::Tensor found = logits_and_gradients(model, {ids[i]});
    EXPECT_LE(found.sub(wanted).abs().max().item().toDouble(), 2e-4) << "sequence " << i;
  }
}

TEST_P(EveryFixture, PackedSequencesHaveTheValuesAndGradientsThatTheyHaveAlone) {
  Gemma4Model model = load_fixture(GetParam());
  const std::vector<at::Tensor> ids = sequences(GetParam());
  model.set_requires_grad(true);
  std::vector<at::Tensor> alone;
  for (const at::Tensor& one : ids) alone.push_back(logits_and_gradients(model, {one}));
  std::vector<at::Tensor> gradients;
  for (const Parameter& parameter : model.parameters())
    gradients.push_back(parameter.is_trainable() ? parameter.gradient().clone() : at::Tensor());
  model.zero_grad();
  const at::Tensor packed = logits_and_gradients(model, ids);
  EXPECT_LE(relative_difference(packed, at::cat(alone)), 1e-6);
  for (size_t i = 0; i < gradients.size(); ++i) {
    const Parameter& parameter = model.parameters()[i];
    if (!parameter.is_trainable()) continue;
    EXPECT_LE(relative_difference(parameter.gradient(), gradients[i]), 1e-5) << parameter.name;
  }
}

TEST_P(EveryFixture, RecomputationGivesBitwiseTheSameLogitsAndGradients) {
  Gemma4Model model = load_fixture(GetParam());
  const std::vector<at::Tensor> ids = sequences(GetParam());
  model.set_requires_grad(true);
  const at::Tensor plain = logits_and_gradients(model, ids);
  std::vector<at::Tensor> gradients;
  for (const Parameter& parameter : model.parameters())
    gradients.push_back(parameter.is_trainable() ? parameter.gradient().clone() : at::Tensor());
  model.zero_grad();
  EXPECT_TRUE(logits_and_gradients(model, ids, Recompute::kLayers).equal(plain));
  for (size_t i = 0; i < gradients.size(); ++i) {
    const Parameter& parameter = model.parameters()[i];
    if (parameter.is_trainable()) {
      EXPECT_TRUE(parameter.gradient().equal(gradients[i])) << parameter.name;
    }
  }
}

TEST_P(EveryFixture, ChunkedLogProbsAreThoseOfTheLogits) {
  const c10::NoGradGuard no_grad;
  const Gemma4Model model = load_fixture(GetParam());
  const at::Tensor ids = sequences(GetParam())[2];
  PackedContext context({0, ids.size(0)}, c10::kCPU);
  const at::Tensor hidden = model.hidden(ids, context);
  const Dim next = ids.size(0) - 1;
  const at::Tensor found =
      model.log_probs(hidden.narrow(0, 0, next), ids.narrow(0, 1, next)).log_prob;
  const at::Tensor wanted = test::expected(GetParam(), "seq2.logprobs");
  EXPECT_LE(found.sub(wanted).abs().max().item().toDouble(), 1e-4);
}

TEST(Gemma4Model, EveryTensorOfTheCheckpointIsRowsOfTheWeights) {
  const std::string folder = test::fixture_folder("e2b-tiny");
  const auto checkpoint = checkpoint::HfCheckpoint::open(folder);
  const Gemma4Model model = load_fixture("e2b-tiny");
  for (const Parameter& parameter : model.parameters())
    EXPECT_TRUE(parameter.value().equal(checkpoint->load(parameter.name))) << parameter.name;
}

TEST(Gemma4Model, ValuesWrittenThroughAParameterReachTheFusedTensor) {
  const Gemma4Model model = load_fixture("dense-tiny");
  const Gemma4Config& config = model.config();
  for (const Parameter& parameter : model.parameters()) {
    if (parameter.name == "model.layers.0.self_attn.k_proj.weight") parameter.value().fill_(7.0);
  }
  const at::Tensor& qkv = model.weights().layers[0].qkv_proj;
  const Dim first = config.num_attention_heads * config.head_dim(0);
  EXPECT_EQ(qkv[first][0].item().toDouble(), 7.0);
  EXPECT_NE(qkv[first - 1][0].item().toDouble(), 7.0);
  EXPECT_NE(qkv[first + config.num_key_value_heads(0) * config.head_dim(0)][0].item().toDouble(),
            7.0);
}

TEST(Gemma4Model, LayerScalarsAreStoredButNeverTrained) {
  Gemma4Model model = load_fixture("dense-tiny");
  model.set_requires_grad(true);
  for (const Parameter& parameter : model.parameters()) {
    const bool is_scalar = parameter.name.ends_with("layer_scalar");
    EXPECT_EQ(parameter.is_trainable(), !is_scalar) << parameter.name;
    EXPECT_EQ(parameter.tensor.requires_grad(), !is_scalar) << parameter.name;
  }
}

TEST(Gemma4Model, RandomWeightsDependOnTheSeedAlone) {
  const Gemma4Config config = load_fixture("moe-tiny").config();
  const ModelOptions options;
  const Gemma4Model a = Gemma4Model::random(config, 1, options);
  const Gemma4Model b = Gemma4Model::random(config, 1, options);
  const Gemma4Model c = Gemma4Model::random(config, 2, options);
  EXPECT_TRUE(a.weights().embed_tokens.equal(b.weights().embed_tokens));
  EXPECT_FALSE(a.weights().embed_tokens.equal(c.weights().embed_tokens));
  EXPECT_EQ(a.weights().layers[0].q_norm.min().item().toDouble(), 1.0);
  EXPECT_NEAR(a.weights().layers[0].experts_down_proj.std().item().toDouble(),
              config.initializer_range, 2e-3);
}

template <typename Function>
std::string error_of(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    return error.what();
  }
  return "no error";
}

std::string error_of_ids(const Gemma4Model& model, std::vector<int64_t> ids) {
  return error_of([&] {
    PackedContext context({0, static_cast<Dim>(ids.size())}, c10::kCPU);
    model.hidden(at::from_blob(ids.data(), {static_cast<Dim>(ids.size())}, at::kLong), context);
  });
}

TEST(Gemma4Model, InputThatNoForwardCanTakeIsAnErrorBeforeAnythingIsIndexed) {
  const Gemma4Model model = load_fixture("dense-tiny");  // vocabulary 208, 4096 positions
  EXPECT_EQ(error_of_ids(model, {2, 208}),
            "the input: token id 208 at position 1 is outside the vocabulary of 208 tokens (0 to "
            "207)");
  EXPECT_NE(error_of_ids(model, {-1}).find("token id -1 at position 0"), std::string::npos);
  EXPECT_NE(error_of_ids(model, {}).find("no tokens"), std::string::npos);
  EXPECT_NE(error_of_ids(model, std::vector<int64_t>(4097, 5)).find("4096 positions"),
            std::string::npos);
}

}  // namespace
}  // namespace lapidary::model
