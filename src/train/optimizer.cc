#include "train/optimizer.h"

#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <utility>

#include "ops/adamw.h"

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
  const auto steps = static_cast<double>(num_steps_);
  ops::adamw_step({state.master, state.moment, state.second_moment, state.parameter},
                  {.lr = options_.lr,
                   .beta1 = options_.beta1,
                   .beta2 = options_.beta2,
                   .eps = options_.eps,
                   .weight_decay = state.weight_decay,
                   .correction1 = 1.0 - std::pow(options_.beta1, steps),
                   .correction2 = 1.0 - std::pow(options_.beta2, steps)});
}

}  // namespace lapidary::train
