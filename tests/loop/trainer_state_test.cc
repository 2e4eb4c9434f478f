// What a step leaves alone, what it refuses to do, and how training goes on after a restart.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "base/error.h"
#include "loop/policy_trainer.h"
#include "loop/training_fixture.h"

namespace lapidary::loop::test {
namespace {

std::vector<rl::Sample> samples_of_rollout(int rollout) {
  std::vector<rl::Sample> samples = six_samples();
  for (rl::Sample& sample : samples) {
    sample.tokens = random_ids(sample.total_length(),
                               static_cast<uint64_t>(100 * (rollout + 1) + sample.rollout_id));
  }
  return samples;
}

PolicyTrainerOptions training_options() {
  PolicyTrainerOptions options = plain_options();
  options.batch.global_batch_size = 3;
  options.update.adam.beta1 = 0.9;
  options.update.clip_grad = 1.0;
  options.update.lr = {
      .decay = train::LrDecay::kCosine, .max_lr = 1e-3, .warmup_steps = 2, .decay_steps = 9};
  return options;
}

void train_rollouts(PolicyTrainer& trainer, int first, int last) {
  for (int rollout = first; rollout < last; ++rollout) {
    std::vector<rl::Sample> samples = samples_of_rollout(rollout);
    trainer.train(samples);
  }
}

class Resume : public ::testing::TestWithParam<c10::ScalarType> {};

TEST_P(Resume, ContinuesBitForBit) {
  const model::Gemma4Model whole = model::test::load_fixture("moe-tiny", GetParam());
  PolicyTrainer uninterrupted(whole, std::nullopt, training_options());
  train_rollouts(uninterrupted, 0, 3);

  const ScratchFolder folder;
  const model::Gemma4Model first = model::test::load_fixture("moe-tiny", GetParam());
  {
    PolicyTrainer trainer(first, std::nullopt, training_options());
    train_rollouts(trainer, 0, 1);
    trainer.save(folder.path());
  }
  const model::Gemma4Model second = model::test::load_fixture("moe-tiny", GetParam());
  for (size_t i = 0; i < first.parameters().size(); ++i)
    second.parameters()[i].value().copy_(first.parameters()[i].value());
  PolicyTrainer continued(second, std::nullopt, training_options());
  continued.restore(folder.path());
  EXPECT_EQ(continued.num_steps(), 2);
  train_rollouts(continued, 1, 3);
  EXPECT_TRUE(are_equal(weights_of(second), weights_of(whole)));
  EXPECT_TRUE(are_equal(optimizer_tensors(continued, ""), optimizer_tensors(uninterrupted, "")));
}

INSTANTIATE_TEST_SUITE_P(Dtypes, Resume, ::testing::Values(at::kFloat, at::kBFloat16),
                         [](const auto& one) { return std::string(c10::toString(one.param)); });

TEST(Restore, RefusesTheStateOfOtherParameters) {
  const ScratchFolder folder;
  PolicyTrainer trainer(model::test::load_fixture("moe-tiny"), std::nullopt, training_options());
  trainer.save(folder.path());
  PolicyTrainerOptions options = training_options();
  options.parameters.frozen = {"layers\\.0\\.self_attn\\.q_proj"};
  PolicyTrainer other(model::test::load_fixture("moe-tiny"), std::nullopt, options);
  try {
    other.restore(folder.path());
    FAIL() << "restored";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_NE(std::string(error.what()).find("q_proj"), std::string::npos) << error.what();
  }
  EXPECT_THROW(trainer.restore(folder.path() + "/nothing"), Error);
}

TEST(Restore, BringsBackAReferenceThatWasUpdated) {
  PolicyTrainerOptions options = training_options();
  options.loss.kl_kind = rl::KlKind::kK2;
  options.loss.kl_loss_coef = 0.1;
  const ScratchFolder folder;
  const model::Gemma4Model model = model::test::load_fixture("dense-tiny");
  PolicyTrainer trainer(model, model::test::load_fixture("dense-tiny"), options);
  train_rollouts(trainer, 0, 1);
  trainer.update_reference();
  trainer.save(folder.path());
  const model::Gemma4Model reference = model::test::load_fixture("dense-tiny");
  PolicyTrainer other(model::test::load_fixture("dense-tiny"), reference, options);
  other.restore(folder.path());
  EXPECT_TRUE(are_equal(weights_of(reference), weights_of(model)));
}

TEST(Frozen, ParametersKeepTheirBitsAlsoWithinAFusedTensor) {
  PolicyTrainerOptions options = training_options();
  options.update.adam.weight_decay = 0.5;
  options.parameters.frozen = {"layers\\.2\\.self_attn\\.k_proj", "embed_tokens", "router"};
  const model::Gemma4Model model = model::test::load_fixture("moe-tiny");
  const NamedTensors before = weights_of(model);
  PolicyTrainer trainer(model, std::nullopt, options);
  train_rollouts(trainer, 0, 2);
  for (const auto& [name, tensor] : weights_of(model)) {
    const bool is_frozen = name.find("layers.2.self_attn.k_proj") != std::string::npos ||
                           name.find("embed_tokens") != std::string::npos ||
                           name.find("router") != std::string::npos ||
                           name.find("layer_scalar") != std::string::npos;
    EXPECT_EQ(tensor.equal(before.at(name)), is_frozen) << name;
  }
}

TEST(Frozen, PatternsThatMatchNothingAreRefused) {
  const auto message = [](const train::ParameterPatterns& patterns) {
    PolicyTrainerOptions options = training_options();
    options.parameters = patterns;
    try {
      const PolicyTrainer trainer(model::test::load_fixture("moe-tiny"), std::nullopt, options);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_NE(message({.frozen = {"linear_fc1"}, .trainable = {}}).find("linear_fc1"),
            std::string::npos);
  EXPECT_NE(message({.frozen = {"("}, .trainable = {}}).find("regular"), std::string::npos);
  EXPECT_NE(message({.frozen = {"."}, .trainable = {}}).find("nothing is left"), std::string::npos);
  EXPECT_NE(message({.frozen = {"a"}, .trainable = {"b"}}).find("exclude"), std::string::npos);
  EXPECT_EQ(message({.frozen = {}, .trainable = {"experts"}}), "no error");
}

// A reward so large that its advantage is infinite in fp32.
std::vector<rl::Sample> bad_samples() {
  std::vector<rl::Sample> samples = six_samples();
  samples[4].reward = 1e300;
  return samples;
}

PolicyTrainerOptions options_for_bad_samples(const std::string& folder, NonFinitePolicy policy) {
  PolicyTrainerOptions options = plain_options();
  options.group_rewards.is_normalized = false;
  options.non_finite = policy;
  options.dump_folder = folder;
  return options;
}

TEST(NonFinite, StopsWithADumpBeforeAnyWeightIsChanged) {
  const ScratchFolder folder;
  const model::Gemma4Model model = model::test::load_fixture("moe-tiny");
  const NamedTensors before = weights_of(model);
  PolicyTrainer trainer(model, std::nullopt,
                        options_for_bad_samples(folder.path(), NonFinitePolicy::kStop));
  const NamedTensors moments = optimizer_tensors(trainer, "");
  std::vector<rl::Sample> samples = bad_samples();
  std::string message = "no error";
  try {
    trainer.train(samples);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    message = error.what();
  }
  const std::string path = folder.file("non_finite_step_0000000.jsonl");
  EXPECT_NE(message.find(path), std::string::npos) << message;
  EXPECT_TRUE(are_equal(weights_of(model), before));
  EXPECT_TRUE(are_equal(optimizer_tensors(trainer, ""), moments));
  std::ifstream file(path);
  int lines = 0;
  for (std::string line; std::getline(file, line);) ++lines;
  EXPECT_EQ(lines, 6);
}

TEST(NonFinite, IsSkippedAndCountedWhenAskedFor) {
  const ScratchFolder folder;
  const model::Gemma4Model model = model::test::load_fixture("moe-tiny");
  const NamedTensors before = weights_of(model);
  PolicyTrainer trainer(model, std::nullopt,
                        options_for_bad_samples(folder.path(), NonFinitePolicy::kSkip));
  std::vector<rl::Sample> bad = bad_samples();
  EXPECT_EQ(trainer.train(bad).steps[0].find("train/skipped_steps"), 1.0);
  EXPECT_TRUE(are_equal(weights_of(model), before));
  std::vector<rl::Sample> good = six_samples();
  EXPECT_EQ(trainer.train(good).steps[0].find("train/skipped_steps"), 1.0);
  EXPECT_FALSE(are_equal(weights_of(model), before));
}

}  // namespace
}  // namespace lapidary::loop::test
