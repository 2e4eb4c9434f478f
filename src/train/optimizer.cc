#include "train/optimizer.h"

#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <utility>

namespace lapidary::train {

AdamW::AdamW(std::vector<at::Tensor> parameters, const AdamWOptions& options) : options_(options) {
  const c10::NoGradGuard no_grad;
  for (at::Tensor& parameter : parameters) {
    const at::Tensor master = parameter.detach().to(at::kFloat);  // shares fp32 storage
    states_.push_back({.parameter = std::move(parameter),
                       .master = master,
                       .moment = at::zeros_like(master),
                       .second_moment = at::zeros_like(master),
                       .weight_decay = is_decayed(master) ? options.weight_decay : 0.0});
  }
}

void AdamW::step() {
  const c10::NoGradGuard no_grad;
  ++num_steps_;
  for (State& state : states_) {
    if (state.parameter.grad().defined()) update(state);
  }
}

void AdamW::update(State& state) const {
  const at::Tensor gradient = state.parameter.grad().to(at::kFloat);
  const auto steps = static_cast<double>(num_steps_);
  const double correction1 = 1.0 - std::pow(options_.beta1, steps);
  const double correction2 = 1.0 - std::pow(options_.beta2, steps);
  state.master.mul_(1.0 - options_.lr * state.weight_decay);
  state.moment.lerp_(gradient, 1.0 - options_.beta1);
  state.second_moment.mul_(options_.beta2).addcmul_(gradient, gradient, 1.0 - options_.beta2);
  const at::Tensor scale =
      state.second_moment.sqrt().div_(std::sqrt(correction2)).add_(options_.eps);
  state.master.addcdiv_(state.moment, scale, -options_.lr / correction1);
  if (!state.master.is_alias_of(state.parameter)) state.parameter.detach().copy_(state.master);
}

}  // namespace lapidary::train
