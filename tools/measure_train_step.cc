// measure_train_step CONFIG_FOLDER TOKENS VOCABULARY: one training step of a policy on a random
// model of that folder, of another vocabulary. Prints the peak resident size of the process in
// bytes, before the step and after it.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "base/check.h"
#include "loop/policy_trainer.h"

namespace {

using lapidary::Dim;

long long peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<long long>(usage.ru_maxrss) * 1024;
}

lapidary::model::Gemma4Config tiny_config(const std::string& folder, Dim vocabulary) {
  lapidary::model::Gemma4Config config = lapidary::model::Gemma4Config::read(folder);
  config.vocab_size = vocabulary;
  config.max_position_embeddings = 8192;
  config.source.json.reset();
  config.validate("measured model");
  return config;
}

lapidary::rl::Sample sample_of(Dim tokens, Dim vocabulary, Dim number) {
  lapidary::rl::Sample sample;
  for (Dim i = 0; i < tokens; ++i)
    sample.tokens.push_back((i * 7919 + number * 104729) % vocabulary);
  sample.response_length = tokens - 16;
  sample.loss_mask.assign(static_cast<size_t>(sample.response_length), 1);
  sample.reward = static_cast<double>(number % 2);
  sample.rollout_id = number;
  return sample;
}

void measure(const std::string& folder, Dim tokens, Dim vocabulary) {
  constexpr Dim kSamples = 4;
  const auto model = lapidary::model::Gemma4Model::random(tiny_config(folder, vocabulary), 1, {});
  lapidary::loop::PolicyTrainerOptions options;
  options.batch.global_batch_size = kSamples;
  options.batch.max_tokens = tokens;  // one micro-batch
  lapidary::loop::PolicyTrainer trainer(model, std::nullopt, options);
  std::vector<lapidary::rl::Sample> samples;
  for (Dim i = 0; i < kSamples; ++i) samples.push_back(sample_of(tokens / kSamples, vocabulary, i));
  const long long before = peak_bytes();
  const auto report = trainer.train(samples);
  std::printf("before %lld\nafter %lld\ngrad_norm %.9g\n", before, peak_bytes(),
              report.steps.at(0).find("train/grad_norm").value_or(0.0));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: measure_train_step CONFIG_FOLDER TOKENS VOCABULARY\n");
    return 2;
  }
  try {
    measure(argv[1], std::atoll(argv[2]), std::atoll(argv[3]));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
