// AdamW (Loshchilov and Hutter 2019), step by step as torch.optim.AdamW computes it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace lapidary::train {

struct AdamWOptions {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.01;  // of the decayed parameters
};

// Whether weight decay applies to a parameter: to matrices and stacks of them, not to vectors
// (norms, scales).
inline bool is_decayed(const at::Tensor& parameter) {
  return parameter.dim() >= 2;
}

class AdamW {
 public:
  // The parameters are autograd leaves of any floating dtype. Moments are fp32, and so is the value
  // that is updated: a parameter of another dtype gets an fp32 copy that it is rounded from.
  AdamW(std::vector<at::Tensor> parameters, const AdamWOptions& options);

  // One step with the gradients that the parameters hold; those without one are left alone.
  void step();
  void set_lr(double lr) { options_.lr = lr; }
  int64_t num_steps() const { return num_steps_; }

 private:
  struct State {
    at::Tensor parameter;
    at::Tensor master;         // fp32; the parameter itself when that is fp32
    at::Tensor moment;         // fp32, decaying mean of the gradient
    at::Tensor second_moment;  // fp32, of its square
    double weight_decay = 0.0;
  };
  void update(State& state) const;

  AdamWOptions options_;
  std::vector<State> states_;
  int64_t num_steps_ = 0;
};

}  // namespace lapidary::train
