// AdamW (Loshchilov and Hutter 2019), as torch.optim.AdamW(fused=True) computes it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
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
  // One parameter's part of the state.
  struct Slot {
    at::Tensor parameter;      // shares the caller's memory
    at::Tensor master;         // fp32, what is updated; shares that memory too when it is fp32
    at::Tensor moment;         // fp32, decaying mean of the gradient
    at::Tensor second_moment;  // fp32, of its square
    bool has_own_master() const { return !master.is_alias_of(parameter); }
  };

  // The parameters are of any floating dtype, contiguous, and changed in place. One that is not
  // fp32 gets an fp32 copy that it is rounded from.
  AdamW(const std::vector<at::Tensor>& parameters, const AdamWOptions& options);

  // One step. gradients[i] is of parameter i, of any floating dtype; undefined: the parameter is
  // left alone.
  void step(const std::vector<at::Tensor>& gradients);
  void set_lr(double lr) { options_.lr = lr; }
  int64_t num_steps() const { return num_steps_; }

  // To save and restore: the tensors may be written to, then set_num_steps() completes it.
  std::span<const Slot> slots() const { return slots_; }
  void set_num_steps(int64_t steps) { num_steps_ = steps; }

 private:
  AdamWOptions options_;
  std::vector<Slot> slots_;
  int64_t num_steps_ = 0;
};

}  // namespace lapidary::train
