// The trainer's log-probs are the engine's, over several steps that change the weights.
#include <gtest/gtest.h>

#include <array>

#include "loop/policy_trainer.h"
#include "loop/training_fixture.h"
#include "rollout/engine.h"
#include "rollout/gemma4_decoder.h"

namespace lapidary::loop::test {
namespace {

constexpr double kTemperature = 0.8;

// Four answers to each of two prompts, sampled from the model's own weights.
std::vector<rl::Sample> roll_out(const model::Gemma4Model& model, uint64_t seed) {
  rollout::Gemma4Decoder decoder(model);
  rollout::Engine engine(decoder, {});
  std::map<rollout::RequestId, rl::Sample> started;
  for (Dim prompt = 0; prompt < 2; ++prompt) {
    rollout::Request request;
    request.prompt_ids = random_ids(6 + 5 * prompt, seed + static_cast<uint64_t>(prompt));
    request.sampling = {.temperature = kTemperature, .seed = seed};
    request.max_new_tokens = 24;
    const std::vector<int64_t> prompt_ids = request.prompt_ids;
    for (const rollout::RequestId id :
         engine.submit(std::move(request), std::array<uint64_t, 4>{0, 1, 2, 3})) {
      rl::Sample& sample = started[id];
      sample.tokens = prompt_ids;
      sample.group_id = prompt;
    }
  }
  while (!engine.is_idle()) engine.step();
  for (rollout::Answer& answer : engine.poll()) {
    rl::Sample& sample = started.at(answer.request);
    sample.tokens.insert(sample.tokens.end(), answer.output_ids.begin(), answer.output_ids.end());
    sample.response_length = static_cast<Dim>(answer.output_ids.size());
    sample.loss_mask.assign(answer.output_ids.size(), 1);
    sample.rollout_log_probs = std::move(answer.log_probs);
  }
  std::vector<rl::Sample> samples;
  for (auto& [id, sample] : started) {
    sample.rollout_id = static_cast<Dim>(samples.size());
    sample.reward = static_cast<double>(samples.size() % 3);
    samples.push_back(std::move(sample));
  }
  return samples;
}

class EngineAgreement : public ::testing::TestWithParam<const char*> {};

TEST_P(EngineAgreement, IsWithinRoundingAtEveryStep) {
  const model::Gemma4Model model = model::test::load_fixture(GetParam());
  PolicyTrainerOptions options = plain_options();
  options.batch.global_batch_size = 4;
  options.temperature = kTemperature;
  PolicyTrainer trainer(model, std::nullopt, options);
  double largest = 0.0;
  for (uint64_t rollout = 0; rollout < 3; ++rollout) {
    std::vector<rl::Sample> samples = roll_out(model, 10 * rollout);
    const TrainReport report = trainer.train(samples);
    ASSERT_EQ(report.steps.size(), 2U);
    for (const observe::MetricRow& row : report.steps)
      largest = std::max(largest, *row.find("train/train_rollout_logprob_abs_diff"));
  }
  EXPECT_LT(largest, 1e-5);
  RecordProperty("largest", std::to_string(largest));
  std::printf("largest mean difference %.3g\n", largest);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, EngineAgreement, ::testing::Values("moe-tiny", "dense-tiny"),
                         [](const auto& one) { return std::string(one.param).substr(0, 3); });

}  // namespace
}  // namespace lapidary::loop::test
