// A step of the trainer against a plain one: full logits, one sequence at a time, the loss as the
// papers write it. And that nothing but the samples matters: neither packing nor order.
#include "loop/policy_trainer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/min.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "loop/training_fixture.h"

namespace lapidary::loop::test {
namespace {

// Log-probs [response] of one sample from its full logits.
at::Tensor plain_log_probs(const model::Gemma4Model& model, const rl::Sample& sample,
                           double temperature) {
  const Dim length = sample.total_length();
  const Dim first = length - sample.response_length;
  model::PackedContext context({0, length}, c10::kCPU);
  const at::Tensor ids = at::tensor(sample.tokens, at::kLong);
  const at::Tensor logits = model.logits(model.hidden(ids, context)).div(temperature);
  const at::Tensor all = logits.log_softmax(-1);
  return all.narrow(0, first - 1, sample.response_length)
      .gather(-1, ids.narrow(0, first, sample.response_length).unsqueeze(-1))
      .squeeze(-1);
}

// GRPO: rewards normalised in their group, clipped ratio, each sample's token mean, mean over
// samples.
at::Tensor textbook_loss(const model::Gemma4Model& model, const std::vector<rl::Sample>& samples,
                         const std::vector<double>& advantages, double temperature) {
  at::Tensor loss = at::tensor(0.0F);
  for (size_t i = 0; i < samples.size(); ++i) {
    const at::Tensor log_probs = plain_log_probs(model, samples[i], temperature);
    const at::Tensor ratio = (log_probs - log_probs.detach()).exp();
    const at::Tensor objective =
        at::minimum(ratio * advantages[i], ratio.clamp(0.8, 1.2) * advantages[i]);
    const at::Tensor mask = at::tensor(samples[i].loss_mask, at::kLong).to(at::kFloat);
    loss = loss - (objective * mask).sum() / mask.sum() / static_cast<double>(samples.size());
  }
  return loss;
}

std::vector<double> textbook_advantages(const std::vector<rl::Sample>& samples) {
  std::vector<double> out;
  for (const rl::Sample& sample : samples) {
    std::vector<double> group;
    for (const rl::Sample& other : samples) {
      if (other.group_id == sample.group_id) group.push_back(other.reward);
    }
    double mean = 0.0, variance = 0.0;
    for (const double reward : group) mean += reward / static_cast<double>(group.size());
    for (const double reward : group)
      variance += (reward - mean) * (reward - mean) / static_cast<double>(group.size() - 1);
    out.push_back((sample.reward - mean) / (std::sqrt(variance) + 1e-6));
  }
  return out;
}

NamedTensors textbook_gradients(const std::string& fixture, const std::vector<rl::Sample>& samples,
                                double temperature) {
  model::Gemma4Model model = model::test::load_fixture(fixture);
  model.set_requires_grad(true);
  textbook_loss(model, samples, textbook_advantages(samples), temperature).backward();
  NamedTensors out;
  for (const model::Parameter& parameter : model.parameters()) {
    if (parameter.is_trainable()) out.emplace(parameter.name, parameter.gradient().clone());
  }
  return out;
}

class Step : public ::testing::TestWithParam<const char*> {};

TEST_P(Step, HasTheGradientsOfThePlainLoss) {
  PolicyTrainerOptions options = plain_options();
  options.temperature = 0.7;
  const NamedTensors found = gradients_of_step(GetParam(), six_samples(), options);
  const NamedTensors expected = textbook_gradients(GetParam(), six_samples(), 0.7);
  EXPECT_LT(relative_difference(found, expected), 2e-5);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, Step, ::testing::Values("moe-tiny", "dense-tiny", "e2b-tiny"),
                         [](const auto& one) {
                           std::string name = one.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(PolicyTrainer, TheOrderOfSamplesDoesNotMatter) {
  std::vector<rl::Sample> reversed = six_samples();
  std::reverse(reversed.begin(), reversed.end());
  const NamedTensors a = gradients_of_step("moe-tiny", six_samples(), plain_options());
  const NamedTensors b = gradients_of_step("moe-tiny", reversed, plain_options());
  EXPECT_LT(relative_difference(a, b), 2e-5);
}

TEST(PolicyTrainer, TheSplitIntoMicroBatchesDoesNotMatter) {
  PolicyTrainerOptions whole = plain_options();
  whole.batch.max_tokens = 1000;
  const NamedTensors expected = gradients_of_step("moe-tiny", six_samples(), whole);
  PolicyTrainerOptions options = plain_options();
  options.batch.max_tokens = 1;  // each sample alone
  EXPECT_LT(relative_difference(gradients_of_step("moe-tiny", six_samples(), options), expected),
            2e-5);
  options.batch.max_tokens = 50;
  options.batch.is_balanced = true;
  EXPECT_LT(relative_difference(gradients_of_step("moe-tiny", six_samples(), options), expected),
            2e-5);
  options.batch.filling = rl::BinFilling::kBalanced;
  EXPECT_LT(relative_difference(gradients_of_step("moe-tiny", six_samples(), options), expected),
            2e-5);
  options.batch.filling = rl::BinFilling::kFixedCount;
  options.batch.micro_batch_size = 2;
  EXPECT_LT(relative_difference(gradients_of_step("moe-tiny", six_samples(), options), expected),
            2e-5);
}

TEST(PolicyTrainer, RecomputationGivesTheSameBits) {
  PolicyTrainerOptions options = plain_options();
  const NamedTensors expected = gradients_of_step("moe-tiny", six_samples(), options);
  options.batch.recompute = model::Recompute::kLayers;
  EXPECT_TRUE(are_equal(gradients_of_step("moe-tiny", six_samples(), options), expected));
}

TEST(PolicyTrainer, RecomputationAboveAFrozenEmbeddingGivesTheSameBits) {
  PolicyTrainerOptions options = plain_options();
  options.parameters.trainable = {"layers\\.[35]\\."};
  const NamedTensors expected = gradients_of_step("moe-tiny", six_samples(), options);
  options.batch.recompute = model::Recompute::kLayers;
  const NamedTensors found = gradients_of_step("moe-tiny", six_samples(), options);
  EXPECT_TRUE(are_equal(found, expected));
  EXPECT_GT(found.at("model.layers.3.self_attn.q_proj.weight").abs().max().item().toDouble(), 0.0);
}

TEST(PolicyTrainer, OneStepMakesNoPassBesidesItsOwn) {
  PolicyTrainer trainer(model::test::load_fixture("moe-tiny"), std::nullopt, plain_options());
  std::vector<rl::Sample> samples = six_samples();
  const std::vector<std::vector<float>> before = trainer.log_probs(samples);
  const TrainReport report = trainer.train(samples);
  EXPECT_EQ(report.steps.size(), 1U);
  EXPECT_EQ(report.perf.at(0), std::pair(std::string("perf/log_probs_time"), 0.0));
  EXPECT_EQ(report.perf.at(1), std::pair(std::string("perf/ref_log_probs_time"), 0.0));
  EXPECT_EQ(report.steps[0].find("train/ppo_kl"), 0.0);
  // Its own forward gives the log-probs for the records: those of the trained tokens.
  for (size_t i = 0; i < samples.size(); ++i) {
    for (size_t t = 0; t < before[i].size(); ++t)
      EXPECT_EQ(samples[i].old_log_probs[t], samples[i].loss_mask[t] != 0 ? before[i][t] : 0.0F);
  }
}

TEST(PolicyTrainer, SeveralStepsCompareWithThePolicyBeforeTheFirst) {
  PolicyTrainerOptions options = plain_options();
  options.batch.global_batch_size = 2;
  PolicyTrainer trainer(model::test::load_fixture("moe-tiny"), std::nullopt, options);
  std::vector<rl::Sample> samples = six_samples();
  const std::vector<std::vector<float>> before = trainer.log_probs(samples);
  const TrainReport report = trainer.train(samples);
  ASSERT_EQ(report.steps.size(), 3U);
  for (size_t i = 0; i < samples.size(); ++i) EXPECT_EQ(samples[i].old_log_probs, before[i]);
  EXPECT_EQ(report.steps[0].find("train/ppo_kl"), 0.0);
  EXPECT_NE(report.steps[2].find("train/ppo_kl"), 0.0);
  EXPECT_EQ(report.steps[2].step(), 2);
  EXPECT_EQ(report.steps[2].find("train/global_batch_size"), 2.0);
}

TEST(PolicyTrainer, EngineLogProbsAreComparedAtEveryStep) {
  PolicyTrainer trainer(model::test::load_fixture("moe-tiny"), std::nullopt, plain_options());
  std::vector<rl::Sample> samples = six_samples();
  const std::vector<std::vector<float>> log_probs = trainer.log_probs(samples);
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i].rollout_log_probs = log_probs[i];
    for (float& value : samples[i].rollout_log_probs) value += 0.25F;
  }
  const TrainReport report = trainer.train(samples);
  EXPECT_NEAR(*report.steps[0].find("train/train_rollout_logprob_abs_diff"), 0.25, 1e-6);
}

TEST(PolicyTrainer, MismatchCanBeShownWithoutCorrection) {
  const model::Gemma4Model model = model::test::load_fixture("moe-tiny");
  std::vector<rl::Sample> samples = six_samples();
  const std::vector<std::vector<float>> log_probs =
      PolicyTrainer(model, std::nullopt, plain_options()).log_probs(samples);
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i].rollout_log_probs = log_probs[i];
    for (float& value : samples[i].rollout_log_probs) value -= 0.5F;
  }
  const NamedTensors plain = gradients_of_step("moe-tiny", samples, plain_options());
  PolicyTrainerOptions options = plain_options();
  options.loss.mismatch = rl::MismatchOptions{};
  NamedTensors corrected = gradients_of_step("moe-tiny", samples, options);
  for (auto& [name, tensor] : corrected) tensor.div_(std::exp(0.5));  // the weight of every token
  EXPECT_LT(relative_difference(corrected, plain), 1e-5);
  options.loss.only_shows_mismatch = true;
  EXPECT_TRUE(are_equal(gradients_of_step("moe-tiny", samples, options), plain));
  PolicyTrainer trainer(model, std::nullopt, options);
  const TrainReport report = trainer.train(samples);
  EXPECT_NEAR(*report.steps[0].find("train/tis"), std::exp(0.5), 1e-5);
  EXPECT_NEAR(*report.steps[0].find("train/ois"), 1.0, 1e-6);
  std::vector<rl::Sample> unknown = six_samples();
  EXPECT_THROW(trainer.train(unknown), Error);
}

TEST(PolicyTrainer, GroupsOfEqualRewardsTeachNothing) {
  std::vector<rl::Sample> samples = six_samples();
  for (rl::Sample& sample : samples) sample.reward = -0.6;
  PolicyTrainer trainer(model::test::load_fixture("moe-tiny"), std::nullopt, plain_options());
  const TrainReport report = trainer.train(samples);
  EXPECT_EQ(report.steps[0].find("train/grad_norm"), 0.0);
  for (const float advantage : samples[0].advantages) EXPECT_EQ(advantage, 0.0F);
}

TEST(PolicyTrainer, ASampleThatIsAllMaskedWeighsNothingButCounts) {
  std::vector<rl::Sample> samples = six_samples();
  PolicyTrainerOptions options = plain_options();
  options.group_rewards.is_normalized = false;
  options.batch.max_tokens = 1;
  std::vector<rl::Sample> five(samples.begin(), samples.end() - 1);
  std::fill(samples.back().loss_mask.begin(), samples.back().loss_mask.end(), 0);
  NamedTensors found = gradients_of_step("moe-tiny", samples, options);
  options.batch.global_batch_size = 5;
  NamedTensors expected = gradients_of_step("moe-tiny", five, options);
  for (auto& [name, tensor] : expected) tensor.mul_(5.0 / 6.0);
  EXPECT_LT(relative_difference(found, expected), 1e-5);
}

TEST(PolicyTrainer, TheReferencePassIsMadeForALossThatUsesIt) {
  PolicyTrainerOptions options = plain_options();
  options.loss.kl_kind = rl::KlKind::kLowVariance;
  EXPECT_FALSE(PolicyTrainer::needs_reference(options));  // at coefficient 0
  options.loss.kl_loss_coef = 0.5;
  EXPECT_TRUE(PolicyTrainer::needs_reference(options));
  options.batch.global_batch_size = 3;
  PolicyTrainer trainer(model::test::load_fixture("moe-tiny"),
                        model::test::load_fixture("moe-tiny"), options);
  std::vector<rl::Sample> samples = six_samples();
  const TrainReport report = trainer.train(samples);
  EXPECT_EQ(report.steps[0].find("train/kl_loss"), 0.0);  // the policy is the reference still
  EXPECT_GT(*report.steps[1].find("train/kl_loss"), 0.0);
  EXPECT_EQ(samples[0].ref_log_probs, samples[0].old_log_probs);
  trainer.update_reference();
  const TrainReport next = trainer.train(samples);
  EXPECT_EQ(next.steps[0].find("train/kl_loss"), 0.0);
}

TEST(PolicyTrainer, SamplesThatDoNotFillAStepAreNamed) {
  PolicyTrainerOptions options = plain_options();
  options.batch.global_batch_size = 4;
  PolicyTrainer trainer(model::test::load_fixture("moe-tiny"), std::nullopt, options);
  std::vector<rl::Sample> samples = six_samples();
  EXPECT_EQ(trainer.train(samples).dropped, (std::vector<Dim>{4, 5}));
}

TEST(PolicyTrainer, RefusesSamplesThatContradictThemselves) {
  PolicyTrainer trainer(model::test::load_fixture("moe-tiny"), std::nullopt, plain_options());
  const auto message = [&](const std::function<void(std::vector<rl::Sample>&)>& spoil) {
    std::vector<rl::Sample> samples = six_samples();
    spoil(samples);
    try {
      trainer.train(samples);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  using Samples = std::vector<rl::Sample>;
  EXPECT_NE(message([](Samples& s) { s[2].loss_mask.pop_back(); }).find("sample 2"),
            std::string::npos);
  EXPECT_NE(message([](Samples& s) { s[1].tokens[0] = 512; }).find("sample 1"), std::string::npos);
  EXPECT_NE(message([](Samples& s) { s[0].rollout_log_probs.assign(9, -1.0F); }).find("5 of 6"),
            std::string::npos);
  EXPECT_NE(message([](Samples& s) { s[3].reward = std::nan(""); }).find("sample 3"),
            std::string::npos);
  EXPECT_NE(message([](Samples& s) { s.clear(); }).find("no samples"), std::string::npos);
}

}  // namespace
}  // namespace lapidary::loop::test
