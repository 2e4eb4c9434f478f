// What follows the last backward of a step: gradient norm, the check that all is finite, clipping,
// learning rate, AdamW. Owns the optimizer.
//
//   const GradientScope scope(update);
//   for (each micro-batch) { loss.backward(); update.add_gradients(); }
//   const UpdateResult result = update.end(total_loss);
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
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
// Throws Error{kInvalidArgument} that lists every problem by flag.
void validate(const UpdateOptions& options);

struct UpdateResult {
  bool is_applied = false;  // false: something is not finite, no weight and no moment was touched
  double loss = 0.0;
  double grad_norm = 0.0;        // before clipping
  double lr = 0.0;               // of this step
  std::string first_non_finite;  // "the loss", "the gradient norm" or a parameter; "" when applied
};

// Gradients of micro-batches are added up in fp32 whatever the dtype of the weights.
class WeightUpdate {
 public:
  // `parameters` as select_parameters() gave them: the others stay as they are, bit for bit.
  WeightUpdate(std::vector<model::Parameter> parameters, const UpdateOptions& options);

  // Parameters collect gradients between begin() and end() or cancel(), and only then.
  void begin();
  // After each backward: takes the gradients that it left.
  void add_gradients();
  // One step with the sum of the gradients. `loss` is a scalar on the device, of the whole step;
  // waits for the device. A step that was not applied still counts for the schedule.
  UpdateResult end(const at::Tensor& loss);
  // Ends a step without effect; nothing when there is none.
  void cancel();

  int64_t num_steps() const { return num_steps_; }      // applied or not
  int64_t num_skipped() const { return num_skipped_; }  // not applied

  // Into a folder that exists: optimizer.safetensors (moments, and fp32 copies of weights that are
  // not fp32, by checkpoint name), then optimizer.json (counts of steps).
  void save(const std::string& folder) const;
  // The same parameters and shapes, else Error{kInvalidArgument} that lists the differences. The
  // next step is bitwise the one that would have followed save(), given the same weights.
  void restore(const std::string& folder);

 private:
  std::vector<at::Tensor> gradients() const;
  std::string first_non_finite(const std::vector<at::Tensor>& gradients) const;

  std::vector<model::Parameter> parameters_;
  UpdateOptions options_;
  AdamW optimizer_;
  std::vector<at::Tensor> leaves_;  // each once
  std::vector<size_t> leaf_of_;     // [parameters] index into leaves_
  std::vector<at::Tensor> sums_;    // [leaves] fp32; undefined before the first gradient
  int64_t num_steps_ = 0;
  int64_t num_skipped_ = 0;
};

// begin(), and cancel() at the end of the scope, whatever happens in it.
class GradientScope {
 public:
  explicit GradientScope(WeightUpdate& update) : update_(update) { update_.begin(); }
  ~GradientScope() { update_.cancel(); }
  GradientScope(const GradientScope&) = delete;
  GradientScope& operator=(const GradientScope&) = delete;

 private:
  WeightUpdate& update_;
};

}  // namespace lapidary::train
