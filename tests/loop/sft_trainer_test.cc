// Masked cross-entropy against transformers (tools/make_sft_fixture.py), and its training.
#include "loop/sft_trainer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "loop/training_fixture.h"

namespace lapidary::loop::test {
namespace {

struct Fixture {
  Fixture() : json(read_json_file(lapidary::test::project_path("tests/data/sft-loss.json"))) {
    for (const Json& row : json.at("rows")) {
      rl::Sample& sample = samples.emplace_back();
      sample.tokens = row.at("input_ids").get<std::vector<int64_t>>();
      const auto mask = row.at("loss_mask").get<std::vector<int64_t>>();
      sample.loss_mask.assign(mask.begin() + 1, mask.end());
      sample.response_length = sample.total_length() - 1;
      sample.rollout_id = static_cast<Dim>(samples.size());
    }
  }
  Json json;
  std::vector<rl::Sample> samples;
};

SftTrainerOptions options_for(Dim batch_size) {
  SftTrainerOptions options;
  options.batch.global_batch_size = batch_size;
  options.batch.max_tokens = 40;
  options.update.lr = {.decay = train::LrDecay::kConstant, .max_lr = 1e-3};
  return options;
}

TEST(SftTrainer, HasTheLossAndGradientNormOfTransformers) {
  const Fixture fixture;
  SftTrainer trainer(model::test::load_fixture("moe-tiny"), options_for(5));
  const double loss = fixture.json.at("loss").get<double>();
  EXPECT_NEAR(trainer.loss(fixture.samples), loss, 1e-5);
  const observe::MetricRow row = trainer.train_step(fixture.samples);
  EXPECT_NEAR(*row.find("train/loss"), loss, 1e-5);
  const double norm = fixture.json.at("grad_norm").get<double>();
  EXPECT_NEAR(*row.find("train/grad_norm"), norm, 1e-4 * norm);
  EXPECT_LT(trainer.loss(fixture.samples), loss);
}

TEST(SftTrainer, HasTheLossOfEachRowAlone) {
  const Fixture fixture;
  const SftTrainer trainer(model::test::load_fixture("moe-tiny"), options_for(1));
  for (size_t i = 0; i < fixture.samples.size(); ++i) {
    EXPECT_NEAR(trainer.loss({fixture.samples[i]}), fixture.json.at("losses")[i].get<double>(),
                1e-5);
  }
}

TEST(SftTrainer, EachSampleAlikeIsTheMeanOfTheRows) {
  const Fixture fixture;
  SftTrainerOptions options = options_for(5);
  options.reduction = rl::Reduction::kPerRollout;
  const SftTrainer trainer(model::test::load_fixture("moe-tiny"), options);
  double mean = 0.0;
  for (const Json& loss : fixture.json.at("losses")) mean += loss.get<double>() / 5.0;
  EXPECT_NEAR(trainer.loss(fixture.samples), mean, 1e-5);
}

TEST(SftTrainer, LearnsByHeart) {
  const Fixture fixture;
  SftTrainer trainer(model::test::load_fixture("moe-tiny"), options_for(5));
  for (int step = 0; step < 40; ++step) trainer.train_step(fixture.samples);
  EXPECT_LT(trainer.loss(fixture.samples), 0.5 * fixture.json.at("loss").get<double>());
}

TEST(SftTrainer, RefusesABatchOfAnotherSize) {
  const Fixture fixture;
  SftTrainer trainer(model::test::load_fixture("moe-tiny"), options_for(2));
  EXPECT_THROW(trainer.train_step(fixture.samples), Error);
}

}  // namespace
}  // namespace lapidary::loop::test
