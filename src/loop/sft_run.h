// The run of `lapidary sft`: batches in the order of a prompt source, one optimizer step each,
// records and checkpoints as those of a policy run, until the last step or an interrupt.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "loop/checkpoint_series.h"
#include "loop/run_recorder.h"
#include "loop/sft_trainer.h"
#include "rl/data/prompt_source.h"

namespace lapidary::loop {

struct SftRunOptions {
  int64_t num_steps = 0;
  Dim batch_size = 1;                       // samples of a step
  int64_t save_interval = 0;                // steps; 0: at the end only
  bool saves_trainer = true;                // --no-save-optim clears it
  std::optional<int64_t> keep_checkpoints;  // newest ones; none: all
};

struct SftRunParts {
  const model::Gemma4Model& model;
  const model::OpenedWeights& source;      // the checkpoint that was loaded
  const std::vector<rl::Sample>& samples;  // all that there is to learn
  rl::PromptSource& order;                 // over samples
  SftTrainer& trainer;
  const CheckpointSeries* checkpoints;  // nullptr: nothing is saved
  RunRecorder& recorder;
};

class SftRun {
 public:
  // All parts outlive the object.
  SftRun(SftRunParts parts, SftRunOptions options) : parts_(parts), options_(options) {}

  // Continues a run: what run_state() of a checkpoint holds. The trainer is restored by the caller.
  // Throws Error{kInvalidArgument} for the state of a run that is not SFT.
  void restore(const Json& state, const std::string& what);

  // Until the last step is done, or `is_interrupted` says so after one: then the run is saved.
  void run(const std::function<bool()>& is_interrupted);

  int64_t num_done() const { return num_done_; }

 private:
  void step();
  void save();

  SftRunParts parts_;
  SftRunOptions options_;
  int64_t num_done_ = 0;
  std::optional<int64_t> saved_;  // the step of the last checkpoint
};

}  // namespace lapidary::loop
