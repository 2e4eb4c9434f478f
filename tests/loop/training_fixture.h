// Small samples for the fixture models, and ways to look at what a step did.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "checkpoint/safetensors_file.h"
#include "loop/policy_trainer.h"
#include "model/fixture_model.h"
#include "support/paths.h"

namespace lapidary::loop::test {

using lapidary::test::ScratchFolder;

// Token ids that depend on the seed alone.
inline std::vector<int64_t> random_ids(Dim count, uint64_t seed, Dim vocabulary = 190) {
  std::vector<int64_t> ids;
  uint64_t state = seed * 2654435761U + 12345;
  for (Dim i = 0; i < count; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    ids.push_back(static_cast<int64_t>((state >> 33) % static_cast<uint64_t>(vocabulary - 3)) + 3);
  }
  return ids;
}

// Prompt and response of the given lengths; every third response token comes from a tool.
inline rl::Sample make_sample(Dim prompt, Dim response, Dim rollout_id, Dim group_id,
                              double reward) {
  rl::Sample sample;
  sample.tokens = random_ids(prompt + response, static_cast<uint64_t>(rollout_id) + 1);
  sample.response_length = response;
  for (Dim t = 0; t < response; ++t) sample.loss_mask.push_back(t % 3 == 1 ? 0 : 1);
  sample.reward = reward;
  sample.rollout_id = rollout_id;
  sample.group_id = group_id;
  return sample;
}

// Two groups of three, of different lengths, all longer than the window.
inline std::vector<rl::Sample> six_samples() {
  return {make_sample(5, 9, 0, 0, 1.0),  make_sample(5, 17, 1, 0, -1.0),
          make_sample(5, 4, 2, 0, 1.0),  make_sample(11, 13, 3, 1, 0.0),
          make_sample(11, 6, 4, 1, 2.0), make_sample(11, 21, 5, 1, 0.5)};
}

// One optimizer step a rollout of six. With beta1 = 0 the saved first moment is the gradient.
inline PolicyTrainerOptions plain_options() {
  PolicyTrainerOptions options;
  options.batch.global_batch_size = 6;
  options.batch.max_tokens = 64;
  options.update.adam.beta1 = 0.0;
  options.update.lr = {.decay = train::LrDecay::kConstant, .max_lr = 1e-3};
  options.update.clip_grad = 0.0;
  return options;
}

using NamedTensors = std::map<std::string, at::Tensor>;

inline NamedTensors weights_of(const model::Gemma4Model& model) {
  NamedTensors out;
  for (const model::Parameter& parameter : model.parameters())
    out.emplace(parameter.name, parameter.value().clone());
  return out;
}

// The tensors of optimizer.safetensors that begin with the prefix, by the rest of their names.
inline NamedTensors optimizer_tensors(const PolicyTrainer& trainer, const std::string& prefix) {
  const ScratchFolder folder;
  trainer.save(folder.path());
  const auto file = checkpoint::SafetensorsFile::open(folder.file("optimizer.safetensors"));
  NamedTensors out;
  for (const checkpoint::TensorInfo& info : file->header().tensors()) {
    if (info.name.starts_with(prefix))
      out.emplace(info.name.substr(prefix.size()), file->view(info).clone());
  }
  return out;
}

// The gradients of the one step that `samples` make with these options.
inline NamedTensors gradients_of_step(const std::string& fixture, std::vector<rl::Sample> samples,
                                      const PolicyTrainerOptions& options) {
  const auto reference = PolicyTrainer::needs_reference(options)
                             ? std::optional(model::test::load_fixture(fixture))
                             : std::nullopt;
  PolicyTrainer trainer(model::test::load_fixture(fixture), reference, options);
  trainer.train(samples);
  return optimizer_tensors(trainer, "moment.");
}

// Largest difference of any gradient over the largest value of that gradient; gradients below a
// thousandth of the largest of all are compared with that.
inline double relative_difference(const NamedTensors& a, const NamedTensors& b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0.0;
  for (const auto& [name, tensor] : b)
    largest = std::max(largest, tensor.abs().max().item().toDouble());
  double worst = 0.0;
  for (const auto& [name, tensor] : b) {
    const double scale = std::max(tensor.abs().max().item().toDouble(), 1e-3 * largest);
    const double difference = a.at(name).sub(tensor).abs().max().item().toDouble();
    worst = std::max(worst, difference / scale);
  }
  return worst;
}

inline bool are_equal(const NamedTensors& a, const NamedTensors& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, tensor] : a) {
    if (!tensor.equal(b.at(name))) return false;
  }
  return true;
}

}  // namespace lapidary::loop::test
