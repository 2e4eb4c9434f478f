// What follows the last backward of a step: gradient norm, the check that all is finite, clipping,
// learning rate, AdamW. Owns the optimizer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/gemma4/parameters.h"
#include "train/lr_schedule.h"
#include "train/optimizer.h"

namespace lapidary::train {

struct UpdateOptions {
  // --adam-beta1, --adam-beta2, --adam-eps, --weight-decay; its lr is set by the schedule.
  AdamWOptions adam;
  LrScheduleOptions lr;
  double clip_grad = 1.0;  // --clip-grad; 0: none
};

struct UpdateResult {
  bool is_applied = false;  // false: something is not finite, no weight and no moment was touched
  double loss = 0.0;
  double grad_norm = 0.0;        // before clipping
  double lr = 0.0;               // of this step
  std::string first_non_finite;  // "the loss", or the parameter's name; "" when applied
};

// Gradients of micro-batches are added up in fp32 whatever the dtype of the weights.
class WeightUpdate {
 public:
  // `parameters` as select_parameters() gave them.
  WeightUpdate(std::vector<model::Parameter> parameters, const UpdateOptions& options);

  // Parameters collect gradients between begin() and end(), and only then.
  void begin();
  // After each backward: takes the gradients that it left.
  void add_gradients();
  // One step with the sum of the gradients. `loss` is a scalar on the device, of the whole step. A
  // step that was not applied still counts for the schedule.
  UpdateResult end(const at::Tensor& loss);
  // Leaves things as they were before begin(): for a step that failed.
  void cancel();

  int64_t num_steps() const { return num_steps_; }      // applied or not
  int64_t num_skipped() const { return num_skipped_; }  // not applied

  // Into a folder that exists: optimizer.safetensors (moments, and fp32 copies of weights that are
  // not fp32, by checkpoint name) and optimizer.json (steps, skipped, names).
  void save(const std::string& folder) const;
  // The same parameters and shapes, else Error{kInvalidArgument} that lists the differences. The
  // next step is bitwise the one that would have followed save(), given the same weights.
  void restore(const std::string& folder);

 private:
  std::string first_non_finite() const;

  std::vector<model::Parameter> parameters_;
  UpdateOptions options_;
  AdamW optimizer_;
  std::vector<at::Tensor> leaves_;  // each once
  std::vector<at::Tensor> sums_;    // [leaves] fp32 of those that are not fp32; else undefined
  int64_t num_steps_ = 0;
  int64_t num_skipped_ = 0;
};

}  // namespace lapidary::train
