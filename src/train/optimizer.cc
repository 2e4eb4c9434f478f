#include "train/optimizer.h"

#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include "base/check.h"

namespace lapidary::train {

namespace {

// The lists of one fused call.
struct Lists {
  std::vector<at::Tensor> masters, gradients, moments, second_moments, steps;
};

void update(const Lists& lists, const AdamWOptions& options, double weight_decay) {
  if (lists.masters.empty()) return;
  at::_fused_adamw_(lists.masters, lists.gradients, lists.moments, lists.second_moments, {},
                    lists.steps, options.lr, options.beta1, options.beta2, weight_decay,
                    options.eps, /*amsgrad=*/false, /*maximize=*/false);
}

}  // namespace

AdamW::AdamW(const std::vector<at::Tensor>& parameters, const AdamWOptions& options)
    : options_(options) {
  const c10::NoGradGuard no_grad;
  for (const at::Tensor& parameter : parameters) {
    LAPIDARY_CHECK(parameter.is_contiguous(), "a parameter is updated in place");
    const at::Tensor master = parameter.detach().to(at::kFloat);  // shares fp32 storage
    slots_.push_back({.parameter = parameter.detach(),
                      .master = master,
                      .moment = at::zeros_like(master),
                      .second_moment = at::zeros_like(master)});
  }
}

void AdamW::step(const std::vector<at::Tensor>& gradients) {
  const c10::NoGradGuard no_grad;
  LAPIDARY_CHECK(gradients.size() == slots_.size(), slots_.size(), " parameters, ",
                 gradients.size(), " gradients");
  ++num_steps_;
  Lists decayed;
  Lists others;
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (!gradients[i].defined()) continue;
    const Slot& slot = slots_[i];
    Lists& lists = is_decayed(slot.master) ? decayed : others;
    lists.masters.push_back(slot.master);
    lists.gradients.push_back(gradients[i].detach().to(at::kFloat).contiguous());
    lists.moments.push_back(slot.moment);
    lists.second_moments.push_back(slot.second_moment);
    lists.steps.push_back(at::full({}, static_cast<double>(num_steps_), slot.moment.options()));
  }
  update(decayed, options_, options_.weight_decay);
  update(others, options_, 0.0);
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (gradients[i].defined() && slots_[i].has_own_master())
      slots_[i].parameter.copy_(slots_[i].master);
  }
}

}  // namespace lapidary::train
