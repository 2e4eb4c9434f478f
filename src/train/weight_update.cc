#include "train/weight_update.h"

#include <c10/core/GradMode.h>

#include <cmath>
#include <utility>

#include "base/check.h"
#include "train/grad_clip.h"
#include "train/optimizer_state.h"

namespace lapidary::train {

namespace {

std::vector<at::Tensor> values(const std::vector<model::Parameter>& parameters) {
  std::vector<at::Tensor> out;
  for (const model::Parameter& parameter : parameters) out.push_back(parameter.value());
  return out;
}

bool is_finite(const at::Tensor& tensor) {
  return tensor.detach().isfinite().all().item().toBool();
}

}  // namespace

void validate(const UpdateOptions& options) {
  validate(options.lr);
  std::vector<std::string> problems;
  const auto require = [&](bool holds, const std::string& problem) {
    if (!holds) problems.push_back(problem);
  };
  const AdamWOptions& adam = options.adam;
  require(adam.beta1 >= 0 && adam.beta1 < 1,
          cat("--adam-beta1 is ", adam.beta1, "; it must be at least 0 and below 1"));
  require(adam.beta2 >= 0 && adam.beta2 < 1,
          cat("--adam-beta2 is ", adam.beta2, "; it must be at least 0 and below 1"));
  require(adam.eps > 0, cat("--adam-eps is ", adam.eps, "; it must be above 0"));
  require(adam.weight_decay >= 0,
          cat("--weight-decay is ", adam.weight_decay, "; it must be 0 or more"));
  require(options.clip_grad >= 0,
          cat("--clip-grad is ", options.clip_grad, "; it must be 0 (none) or more"));
  if (!problems.empty()) fail(ErrorKind::kInvalidArgument, join(problems, "; "));
}

WeightUpdate::WeightUpdate(std::vector<model::Parameter> parameters, const UpdateOptions& options)
    : parameters_(std::move(parameters)),
      options_(options),
      optimizer_(values(parameters_), options.adam) {
  validate(options_);
  for (const model::Parameter& parameter : parameters_) {
    size_t leaf = 0;
    while (leaf < leaves_.size() && !leaves_[leaf].is_same(parameter.tensor)) ++leaf;
    if (leaf == leaves_.size()) leaves_.push_back(parameter.tensor);
    leaf_of_.push_back(leaf);
  }
  sums_.resize(leaves_.size());
}

void WeightUpdate::begin() {
  cancel();
  for (const at::Tensor& leaf : leaves_) leaf.requires_grad_(true);
}

void WeightUpdate::add_gradients() {
  const c10::NoGradGuard no_grad;
  for (size_t i = 0; i < leaves_.size(); ++i) {
    const at::Tensor gradient = leaves_[i].grad();
    if (!gradient.defined()) continue;
    leaves_[i].mutable_grad().reset();
    if (sums_[i].defined()) {
      sums_[i].add_(gradient);
    } else {
      sums_[i] = gradient.detach().to(at::kFloat);
    }
  }
}

std::vector<at::Tensor> WeightUpdate::gradients() const {
  std::vector<at::Tensor> out;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& sum = sums_[leaf_of_[i]];
    out.push_back(sum.defined() ? sum.narrow(0, parameters_[i].first_row, parameters_[i].num_rows)
                                : at::Tensor());
  }
  return out;
}

std::string WeightUpdate::first_non_finite(const std::vector<at::Tensor>& gradients) const {
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (gradients[i].defined() && !is_finite(gradients[i]))
      return cat("the gradient of ", parameters_[i].name);
  }
  return "the gradient norm";
}

UpdateResult WeightUpdate::end(const at::Tensor& loss) {
  const c10::NoGradGuard no_grad;
  const std::vector<at::Tensor> all = gradients();
  const at::Tensor norm = grad_norm(all);
  UpdateResult result;
  result.loss = loss.item().toDouble();
  result.grad_norm = norm.item().toDouble();
  result.lr = learning_rate(options_.lr, num_steps_);
  ++num_steps_;
  if (!std::isfinite(result.loss)) {
    result.first_non_finite = "the loss";
  } else if (!std::isfinite(result.grad_norm)) {
    result.first_non_finite = first_non_finite(all);
  } else {
    if (options_.clip_grad > 0) clip_grad_norm(all, norm, options_.clip_grad);
    optimizer_.set_lr(result.lr);
    optimizer_.step(all);
    result.is_applied = true;
  }
  if (!result.is_applied) ++num_skipped_;
  cancel();
  return result;
}

void WeightUpdate::cancel() {
  for (size_t i = 0; i < leaves_.size(); ++i) {
    leaves_[i].mutable_grad().reset();
    leaves_[i].requires_grad_(false);
    sums_[i].reset();
  }
}

void WeightUpdate::save(const std::string& folder) const {
  save_optimizer(folder, parameters_, optimizer_,
                 {.num_steps = num_steps_, .num_skipped = num_skipped_});
}

void WeightUpdate::restore(const std::string& folder) {
  const StepCounts counts = restore_optimizer(folder, parameters_, optimizer_);
  num_steps_ = counts.num_steps;
  num_skipped_ = counts.num_skipped;
}

}  // namespace lapidary::train
