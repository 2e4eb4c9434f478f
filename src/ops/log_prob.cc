// The head with a backward of its own: forward and backward both walk the rows in chunks and
// compute the logits of a chunk when they need them, so that [tokens, vocabulary] never exists.
#include "ops/log_prob.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "kernels/api/log_prob.h"
#include "ops/cpu_head.h"
#include "ops/cpu_kernels.h"
#include "ops/custom_grad.h"
#include "ops/linear.h"
#include "ops/matmul.h"
#include "ops/reference.h"
#include "tensor/shape.h"

namespace lapidary::ops {

namespace {

// Calls visit(first row, number of rows) for each chunk.
template <typename Visit>
void for_each_chunk(Dim num_rows, Dim vocabulary, const HeadOptions& options, const Visit& visit) {
  const Dim row_bytes = vocabulary * static_cast<Dim>(sizeof(float));
  const Dim step = std::max<Dim>(1, options.chunk_bytes / row_bytes);
  for (Dim first = 0; first < num_rows; first += step)
    visit(first, std::min(step, num_rows - first));
}

// Logits [rows, vocabulary] -> log-probabilities, in place. First the largest logit is taken off
// (exactly, where it matters), then a small number: a probability near 1 keeps its digits, which
// logit - logsumexp would lose.
at::Tensor to_log_probs(const at::Tensor& logits, const at::Tensor& largest,
                        const at::Tensor& log_sum) {
  return logits.sub_(largest.unsqueeze(-1)).sub_(log_sum.unsqueeze(-1));
}

bool fits_in_a_chunk(const at::Tensor& hidden, const at::Tensor& table,
                     const HeadOptions& options) {
  const Dim logits = hidden.size(0) * table.size(0);
  return logits * static_cast<Dim>(sizeof(float)) <= options.chunk_bytes;
}

void chunk_statistics(const at::Tensor& hidden, const at::Tensor& table, const at::Tensor& targets,
                      const HeadOptions& options, const HeadStatistics& output) {
  const at::Tensor logits = head_logits(hidden, table, options.softcap).div_(options.temperature);
  const at::Tensor largest = logits.amax(-1);
  const at::Tensor log_sum = logits.sub(largest.unsqueeze(-1)).exp_().sum(-1).log_();
  const at::Tensor log_p = to_log_probs(logits, largest, log_sum);
  output.largest.copy_(largest);
  output.log_sum.copy_(log_sum);
  output.log_prob.copy_(log_p.gather(-1, targets.unsqueeze(-1)).squeeze(-1));
  output.entropy.copy_(log_p.exp().mul_(log_p).sum(-1).neg_());
}

struct Forward {
  HeadStatistics statistics;
  at::Tensor product;  // of the CPU kernels, when all of it is one chunk: kept for the backward
};

Forward forward(const at::Tensor& hidden, const at::Tensor& table, const at::Tensor& targets,
                const HeadOptions& options) {
  const Dim tokens = hidden.size(0);
  const auto row = [&] { return at::empty({tokens}, hidden.options().dtype(at::kFloat)); };
  Forward out{{row(), row(), row(), row()}, {}};
  for_each_chunk(tokens, table.size(0), options, [&](Dim first, Dim count) {
    const auto rows = [&](const at::Tensor& tensor) { return tensor.narrow(0, first, count); };
    const HeadStatistics& all = out.statistics;
    const HeadStatistics chunk{rows(all.largest), rows(all.log_sum), rows(all.log_prob),
                               rows(all.entropy)};
    if (!can_use_cpu_kernels({hidden, table})) {
      chunk_statistics(rows(hidden), table, rows(targets), options, chunk);
      return;
    }
    const at::Tensor product = linear(rows(hidden), table);
    cpu_head_statistics(product, rows(targets), options, chunk);
    if (fits_in_a_chunk(hidden, table, options)) out.product = product;
  });
  return out;
}

// Gradient in the tempered logits z of one chunk: d log p_target / dz = onehot - p, d entropy / dz
// = -p (log p + entropy). grad_entropy may be undefined: nothing depends on the entropy.
at::Tensor logit_gradient(const at::Tensor& log_p, const at::Tensor& targets,
                          const at::Tensor& entropy, const at::Tensor& grad_log_prob,
                          const at::Tensor& grad_entropy) {
  if (!grad_entropy.defined()) {
    return log_p.exp_()
        .mul_(grad_log_prob.unsqueeze(-1))
        .neg_()
        .scatter_add_(-1, targets.unsqueeze(-1), grad_log_prob.unsqueeze(-1));
  }
  const at::Tensor p = log_p.exp();
  return log_p.add_(entropy.unsqueeze(-1))
      .mul_(grad_entropy.unsqueeze(-1))
      .add_(grad_log_prob.unsqueeze(-1))
      .mul_(p)
      .neg_()
      .scatter_add_(-1, targets.unsqueeze(-1), grad_log_prob.unsqueeze(-1));
}

// cap * tanh(logits / cap) of fp32 logits on the CPU, which nothing else needs: in place where no
// gradient is asked for.
at::Tensor soft_cap(const at::Tensor& logits, double cap) {
  const auto run = [cap](const at::Tensor& values) {
    kernels::softcap(values.mutable_data_ptr<float>(), values.numel(), static_cast<float>(cap));
    return values;
  };
  if (!needs_grad({logits})) return run(logits);
  return apply_custom_grad(
      {.forward =
           [run](const Tensors& in) {
             const at::Tensor capped = run(in[0].clone());
             return std::pair(Tensors{capped}, Tensors{capped});
           },
       .backward =
           [cap](const Tensors& kept, const Tensors& grads) {
             return Tensors{kept[0].div(cap).square_().neg_().add_(1.0).mul_(grads[0])};
           }},
      {logits})[0];
}

struct Gradients {
  at::Tensor hidden;
  at::Tensor table;
};
enum class Needs { kHidden, kTable, kBoth };

// What a chunk of the backward is given.
struct GradientChunk {
  at::Tensor hidden;
  at::Tensor targets;
  HeadStatistics statistics;
  at::Tensor grad_log_prob;
  at::Tensor grad_entropy;  // undefined: zero
};

// The gradient of the product of a chunk's hidden rows with the table, of the dtype of hidden.
at::Tensor product_gradient(const GradientChunk& chunk, const at::Tensor& table,
                            const HeadOptions& options) {
  const at::Tensor capped = head_logits(chunk.hidden, table, options.softcap);
  const at::Tensor log_p = to_log_probs(capped.div(options.temperature), chunk.statistics.largest,
                                        chunk.statistics.log_sum);
  const at::Tensor gradient = logit_gradient(log_p, chunk.targets, chunk.statistics.entropy,
                                             chunk.grad_log_prob, chunk.grad_entropy)
                                  .div_(options.temperature);
  if (options.softcap != 0.0) {
    gradient.mul_(capped.div_(options.softcap).square_().neg_().add_(1.0));
  }
  return gradient.to(chunk.hidden.scalar_type());
}

at::Tensor cpu_product_gradient(const GradientChunk& chunk, const at::Tensor& table,
                                const at::Tensor& kept_product, const HeadOptions& options) {
  if (kept_product.defined()) {
    const at::Tensor gradient = at::empty_like(kept_product);
    cpu_head_gradient(kept_product, chunk.targets, options, chunk.statistics, chunk.grad_log_prob,
                      chunk.grad_entropy, gradient);
    return gradient;
  }
  const at::Tensor product = linear(chunk.hidden, table);
  cpu_head_gradient(product, chunk.targets, options, chunk.statistics, chunk.grad_log_prob,
                    chunk.grad_entropy, product);
  return product;
}

// kept: hidden, table, targets, largest, log_sum, entropy and, where it was kept, the product.
Gradients backward(const Tensors& kept, const Tensors& grad_outputs, const HeadOptions& options,
                   Needs needs) {
  const at::Tensor &hidden = kept[0], &table = kept[1];
  const HeadStatistics all{kept[3], kept[4], {}, kept[5]};
  const at::Tensor product = kept.size() > 6 ? kept[6] : at::Tensor();
  const at::Tensor grad_log_prob =
      grad_outputs[0].defined() ? grad_outputs[0] : at::zeros_like(all.log_sum);
  const at::Tensor& grad_entropy = grad_outputs[1];
  const bool is_one_chunk = fits_in_a_chunk(hidden, table, options);
  Gradients out;
  if (needs != Needs::kTable) out.hidden = at::empty_like(hidden);
  // Summed in fp32 over the chunks, so that a bf16 table is rounded once.
  if (needs != Needs::kHidden && !is_one_chunk) {
    out.table = at::zeros(table.sizes(), table.options().dtype(at::kFloat));
  }
  for_each_chunk(hidden.size(0), table.size(0), options, [&](Dim first, Dim count) {
    const auto rows = [&](const at::Tensor& tensor) { return tensor.narrow(0, first, count); };
    const GradientChunk chunk{rows(hidden),
                              rows(kept[2]),
                              {rows(all.largest), rows(all.log_sum), {}, rows(all.entropy)},
                              rows(grad_log_prob),
                              grad_entropy.defined() ? rows(grad_entropy) : grad_entropy};
    const at::Tensor gradient = can_use_cpu_kernels({hidden, table})
                                    ? cpu_product_gradient(chunk, table, product, options)
                                    : product_gradient(chunk, table, options);
    if (out.hidden.defined()) matmul_into(rows(out.hidden), gradient, table);
    if (needs == Needs::kHidden) return;
    const at::Tensor share = matmul(gradient.t(), chunk.hidden);
    if (is_one_chunk) {
      out.table = share;
    } else {
      out.table.add_(share);
    }
  });
  if (out.table.defined()) out.table = out.table.to(table.scalar_type());
  return out;
}

}  // namespace

at::Tensor head_logits(const at::Tensor& hidden, const at::Tensor& table, double softcap) {
  expect_shape(hidden, "hidden", {kAnyExtent, table.size(1)});
  if (!can_use_cpu_kernels({hidden, table})) return reference::head_logits(hidden, table, softcap);
  const at::Tensor logits = linear(hidden, table).to(at::kFloat);
  return softcap == 0.0 ? logits : soft_cap(logits, softcap);
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
             const Forward made = forward(inputs[0], inputs[1], inputs[2], options);
             const HeadStatistics& all = made.statistics;
             Tensors kept{inputs[0], inputs[1], inputs[2], all.largest, all.log_sum, all.entropy};
             if (made.product.defined()) kept.push_back(made.product);
             return std::pair(Tensors{all.log_prob, all.entropy}, kept);
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
