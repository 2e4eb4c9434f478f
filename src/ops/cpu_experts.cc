#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "kernels/api/moe.h"
#include "ops/cpu_kernels.h"
#include "ops/cpu_moe.h"
#include "ops/custom_grad.h"
#include "ops/geglu.h"
#include "ops/matmul.h"

namespace lapidary::ops {

namespace {

using kernels::ExpertPlan;

ExpertPlan make_plan(const at::Tensor& experts, Dim num_experts) {
  const at::Tensor dense = experts.contiguous();
  const int64_t* ids = dense.const_data_ptr<int64_t>();
  for (Dim i = 0; i < dense.numel(); ++i) {
    LAPIDARY_CHECK(ids[i] >= 0 && ids[i] < num_experts, "expert ", ids[i], " of ", num_experts);
  }
  return kernels::plan_experts(ids, dense.size(0), dense.size(1), num_experts);
}

struct Mixed {
  at::Tensor output;    // [tokens, hidden]
  at::Tensor gate_ups;  // [rows, 2 * intermediate] of the sorted rows; undefined unless asked for
};
enum class KeepGateUps { kNo, kYes };

Mixed forward(const at::Tensor& input, const at::Tensor& gate_up, const at::Tensor& down,
              const at::Tensor& weights, const ExpertPlan& plan, KeepGateUps keep) {
  const at::Tensor rows = input.contiguous();
  const at::Tensor scales = weights.contiguous();
  const at::Tensor gate_ups = gate_up.contiguous();
  const at::Tensor downs = down.contiguous();
  const Dim top_k = scales.size(1);
  Mixed out = {at::empty_like(rows), at::Tensor()};
  if (keep == KeepGateUps::kYes)
    out.gate_ups = at::empty({rows.size(0) * top_k, gate_up.size(1)}, rows.options());
  kernels::experts(kernel_dtype(rows),
                   {rows.const_data_ptr(), gate_ups.const_data_ptr(), downs.const_data_ptr(),
                    scales.const_data_ptr<float>(), &plan, out.output.mutable_data_ptr(),
                    out.gate_ups.defined() ? out.gate_ups.mutable_data_ptr() : nullptr},
                   {rows.size(0), rows.size(1), down.size(2), down.size(0), top_k});
  return out;
}

at::Tensor index_tensor(const std::vector<Dim>& values) {
  at::Tensor out = at::empty({static_cast<Dim>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), out.mutable_data_ptr<int64_t>());
  return out;
}

// kept: input, gate_up, down, weights, gate_ups. Gradients of the first four. Works on the sorted
// rows, expert by expert; a token's rows are then summed in ascending expert.
Tensors backward(const Tensors& kept, const at::Tensor& grad, const ExpertPlan& plan) {
  const at::Tensor &input = kept[0], &gate_up = kept[1], &down = kept[2], &gate_ups = kept[4];
  const Dim top_k = kept[3].size(1);
  const at::Tensor choices = index_tensor(plan.choices);
  const at::Tensor tokens = choices.div(top_k, "floor");
  const at::Tensor inputs = input.index_select(0, tokens);
  const at::Tensor grads = grad.index_select(0, tokens);
  const at::Tensor weights =
      kept[3].flatten().index_select(0, choices).unsqueeze(-1).to(input.scalar_type());
  const at::Tensor hidden = geglu(gate_ups);

  const at::Tensor grad_hidden = at::empty_like(hidden);  // of an unweighted share
  const at::Tensor grad_gate_up = at::zeros_like(gate_up);
  const at::Tensor grad_down = at::zeros_like(down);
  const at::Tensor grad_rows = at::empty_like(inputs);
  const at::Tensor weighted = hidden.mul(weights);
  const auto each_expert = [&](const auto& visit) {
    for (Dim e = 0; e < down.size(0); ++e) {
      const Dim begin = plan.starts[static_cast<size_t>(e)];
      const Dim count = plan.starts[static_cast<size_t>(e) + 1] - begin;
      if (count > 0)
        visit(e, [begin, count](const at::Tensor& rows) { return rows.narrow(0, begin, count); });
    }
  };
  each_expert([&](Dim e, const auto& own) {
    matmul_into(own(grad_hidden), own(grads), down[e]);
    matmul_into(grad_down[e], own(grads).t(), own(weighted));
  });
  const at::Tensor grad_gate_ups = geglu_backward(grad_hidden.mul(weights), gate_ups);
  each_expert([&](Dim e, const auto& own) {
    matmul_into(own(grad_rows), own(grad_gate_ups), gate_up[e]);
    matmul_into(grad_gate_up[e], own(grad_gate_ups).t(), own(inputs));
  });
  const at::Tensor grad_input = grad_rows.index_select(0, index_tensor(plan.rows))
                                    .view({input.size(0), top_k, input.size(1)})
                                    .sum(1);
  const at::Tensor grad_weights = at::empty_like(kept[3]).view(-1).index_copy_(
      0, choices, grad_hidden.mul(hidden).sum(-1, /*keepdim=*/false, at::kFloat));
  return {grad_input, grad_gate_up, grad_down, grad_weights.view_as(kept[3])};
}

}  // namespace

at::Tensor cpu_experts(const at::Tensor& input, const at::Tensor& gate_up, const at::Tensor& down,
                       const Routing& routing) {
  if (!needs_grad({input, gate_up, down, routing.weights})) {
    return forward(input, gate_up, down, routing.weights, make_plan(routing.experts, down.size(0)),
                   KeepGateUps::kNo)
        .output;
  }
  const auto plan = std::make_shared<const ExpertPlan>(make_plan(routing.experts, down.size(0)));
  return apply_custom_grad(
      {.forward =
           [plan](const Tensors& in) {
             const Mixed out = forward(in[0], in[1], in[2], in[3], *plan, KeepGateUps::kYes);
             return std::pair(Tensors{out.output},
                              Tensors{in[0], in[1], in[2], in[3], out.gate_ups});
           },
       .backward = [plan](const Tensors& kept,
                          const Tensors& grads) { return backward(kept, grads[0], *plan); }},
      {input, gate_up, down, routing.weights})[0];
}

}  // namespace lapidary::ops
