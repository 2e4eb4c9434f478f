// The head with a backward of its own: forward and backward both walk the rows in chunks and
// compute the logits of a chunk when they need them, so that [tokens, vocabulary] never exists.
#include "ops/log_prob.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "ops/custom_grad.h"
#include "ops/reference.h"
#include "tensor/shape.h"

namespace lapidary::ops {

namespace {

// fp32 logits of one chunk. Forward and backward hold a handful of buffers of this size.
constexpr Dim kMaxChunkBytes = Dim{128} << 20;

Dim chunk_rows(Dim vocabulary) {
  return std::max<Dim>(1, kMaxChunkBytes / (vocabulary * static_cast<Dim>(sizeof(float))));
}

template <typename Visit>
void for_each_chunk(Dim num_rows, Dim vocabulary, const Visit& visit) {
  const Dim step = chunk_rows(vocabulary);
  for (Dim first = 0; first < num_rows; first += step)
    visit(first, std::min(step, num_rows - first));
}

struct Statistics {
  at::Tensor log_sum;   // [tokens] fp32, logsumexp of the tempered logits
  at::Tensor log_prob;  // [tokens] fp32
  at::Tensor entropy;   // [tokens] fp32
};

Statistics forward(const at::Tensor& hidden, const at::Tensor& table, const at::Tensor& targets,
                   const HeadOptions& options) {
  const Dim tokens = hidden.size(0);
  const auto row = [&] { return at::empty({tokens}, hidden.options().dtype(at::kFloat)); };
  const Statistics all{row(), row(), row()};
  for_each_chunk(tokens, table.size(0), [&](Dim first, Dim count) {
    const at::Tensor logits = head_logits(hidden.narrow(0, first, count), table, options.softcap)
                                  .div_(options.temperature);
    const at::Tensor log_sum = logits.logsumexp(-1);
    const at::Tensor chosen =
        logits.gather(-1, targets.narrow(0, first, count).unsqueeze(-1)).squeeze(-1);
    const at::Tensor mean = logits.sub(log_sum.unsqueeze(-1)).exp_().mul_(logits).sum(-1);
    all.log_sum.narrow(0, first, count).copy_(log_sum);
    all.log_prob.narrow(0, first, count).copy_(chosen.sub(log_sum));
    all.entropy.narrow(0, first, count).copy_(log_sum.sub(mean));
  });
  return all;
}

// Gradient in the tempered logits z of one chunk, made in place of their probabilities p:
// d log p_target / dz = onehot - p, d entropy / dz = -p (log p + entropy).
at::Tensor logit_gradient(const at::Tensor& tempered, const at::Tensor& targets,
                          const at::Tensor& log_sum, const at::Tensor& entropy,
                          const at::Tensor& grad_log_prob, const at::Tensor& grad_entropy) {
  const at::Tensor log_p = tempered.sub(log_sum.unsqueeze(-1));
  const at::Tensor p = log_p.exp();
  at::Tensor factor = log_p.add_(entropy.unsqueeze(-1))
                          .mul_(grad_entropy.unsqueeze(-1))
                          .add_(grad_log_prob.unsqueeze(-1));
  const at::Tensor gradient = factor.mul_(p).neg_();
  return gradient.scatter_add_(-1, targets.unsqueeze(-1), grad_log_prob.unsqueeze(-1));
}

struct Gradients {
  at::Tensor hidden;
  at::Tensor table;
};
enum class Needs { kHidden, kTable, kBoth };

Gradients backward(const Tensors& kept, const Tensors& grad_outputs, const HeadOptions& options,
                   Needs needs) {
  const at::Tensor &hidden = kept[0], &table = kept[1], &targets = kept[2], &log_sum = kept[3],
                   &entropy = kept[4];
  const auto given_or_zero = [&](const at::Tensor& gradient) {
    return gradient.defined() ? gradient : at::zeros_like(log_sum);
  };
  const at::Tensor grad_log_prob = given_or_zero(grad_outputs[0]);
  const at::Tensor grad_entropy = given_or_zero(grad_outputs[1]);
  Gradients out;
  if (needs != Needs::kTable) out.hidden = at::empty_like(hidden);
  // Summed in fp32 over the chunks, so that a bf16 table is rounded once.
  if (needs != Needs::kHidden) {
    out.table = at::zeros(table.sizes(), table.options().dtype(at::kFloat));
  }
  for_each_chunk(hidden.size(0), table.size(0), [&](Dim first, Dim count) {
    const auto rows = [&](const at::Tensor& tensor) { return tensor.narrow(0, first, count); };
    const at::Tensor capped = head_logits(rows(hidden), table, options.softcap);
    at::Tensor gradient =
        logit_gradient(capped.div(options.temperature), rows(targets), rows(log_sum), rows(entropy),
                       rows(grad_log_prob), rows(grad_entropy))
            .div_(options.temperature);
    if (options.softcap != 0.0) {
      gradient.mul_(capped.div_(options.softcap).square_().neg_().add_(1.0));
    }
    gradient = gradient.to(hidden.scalar_type());
    if (out.hidden.defined()) rows(out.hidden).copy_(gradient.matmul(table));
    if (out.table.defined()) out.table.add_(gradient.t().matmul(rows(hidden)));
  });
  if (out.table.defined()) out.table = out.table.to(table.scalar_type());
  return out;
}

}  // namespace

at::Tensor head_logits(const at::Tensor& hidden, const at::Tensor& table, double softcap) {
  expect_shape(hidden, "hidden", {kAnyExtent, table.size(1)});
  return reference::head_logits(hidden, table, softcap);
}

TokenLogProbs token_log_probs(const at::Tensor& hidden, const at::Tensor& table,
                              const at::Tensor& targets, const HeadOptions& options) {
  expect_shape(hidden, "hidden", {kAnyExtent, table.size(1)});
  expect_shape(targets, "targets", {hidden.size(0)});
  const Needs needs = !table.requires_grad()    ? Needs::kHidden
                      : !hidden.requires_grad() ? Needs::kTable
                                                : Needs::kBoth;
  const Tensors outputs = apply_custom_grad(
      {.forward =
           [options](const Tensors& inputs) {
             const Statistics all = forward(inputs[0], inputs[1], inputs[2], options);
             return std::pair(Tensors{all.log_prob, all.entropy},
                              Tensors{inputs[0], inputs[1], inputs[2], all.log_sum, all.entropy});
           },
       .backward =
           [options, needs](const Tensors& kept, const Tensors& grad_outputs) {
             const Gradients gradients = backward(kept, grad_outputs, options, needs);
             return Tensors{gradients.hidden, gradients.table, at::Tensor()};
           }},
      {hidden, table, targets});
  return {outputs[0], outputs[1]};
}

}  // namespace lapidary::ops
