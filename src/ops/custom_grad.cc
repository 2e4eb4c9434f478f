#include "ops/custom_grad.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

namespace lapidary::ops {

namespace {

// Travels in the autograd context as a capsule, which needs this base.
struct Holder : torch::CustomClassHolder {
  explicit Holder(CustomGrad held) : operation(std::move(held)) {}
  CustomGrad operation;
};
using HolderPtr = c10::intrusive_ptr<Holder>;

constexpr const char* kOperation = "operation";

struct Erased : torch::autograd::Function<Erased> {
  static Tensors forward(torch::autograd::AutogradContext* context, const HolderPtr& holder,
                         at::TensorList inputs) {
    auto [outputs, kept] = holder->operation.forward(inputs.vec());
    context->saved_data[kOperation] = c10::IValue::make_capsule(
        c10::static_intrusive_pointer_cast<torch::CustomClassHolder>(holder));
    context->set_materialize_grads(false);
    context->save_for_backward(kept);
    return outputs;
  }

  static Tensors backward(torch::autograd::AutogradContext* context, const Tensors& grad_outputs) {
    const auto holder =
        c10::static_intrusive_pointer_cast<Holder>(context->saved_data[kOperation].toCapsule());
    const at::AutoGradMode no_grad(false);
    Tensors gradients{at::Tensor()};  // the holder is the first argument of forward
    for (at::Tensor& gradient :
         holder->operation.backward(context->get_saved_variables(), grad_outputs)) {
      gradients.push_back(std::move(gradient));
    }
    return gradients;
  }
};

}  // namespace

Tensors apply_custom_grad(CustomGrad operation, const Tensors& inputs) {
  // As a TensorList: apply() looks for tensors in no other container.
  return Erased::apply(c10::make_intrusive<Holder>(std::move(operation)), at::TensorList(inputs));
}

}  // namespace lapidary::ops
