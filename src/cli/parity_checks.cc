#include "cli/parity_checks.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/check.h"
#include "rollout/engine.h"
#include "rollout/gemma4_decoder.h"
#include "train/grad_clip.h"

namespace lapidary::cli {

namespace {

using model::Gemma4Model;

const Tolerance kLogits = Tolerance::absolute(2e-4);
const Tolerance kLogProbs = Tolerance::absolute(1e-4);
const Tolerance kHidden = Tolerance::absolute(1e-4);
const Tolerance kRouter = Tolerance::absolute(2e-5);
const Tolerance kLoss = Tolerance::absolute(1e-5);
constexpr double kGradient = 1e-4;  // of the tensor's largest value, or of its norm
// A gradient smaller than this share of the gradient of all parameters is compared as if it were
// that large: what is left of it is rounding (with one expert a token, the renormalised routing
// weight is 1 whatever the router says, and the router's gradient is zero in exact arithmetic).
constexpr double kNoise = 1e-4;
const Tolerance kMargin = Tolerance::absolute(4e-4);  // a difference of two logits
const Tolerance kOptimizerLoss = Tolerance::absolute(2e-4);
const Tolerance kOptimizerNorm = Tolerance::relative(5e-4);
const Tolerance kParameterMean = Tolerance::absolute(1e-6);
const Tolerance kParameterShare = Tolerance::absolute(1e-3);  // of elements off by more than 1e-5
const Tolerance kParameterMax = Tolerance::absolute(1e-3);
constexpr double kParameterFar = 1e-5;

// Log-probability of every next token of one sequence, from its logits [tokens, vocabulary].
at::Tensor next_log_probs(const at::Tensor& logits, const at::Tensor& ids) {
  const Dim next = ids.size(0) - 1;
  return logits.narrow(0, 0, next)
      .log_softmax(-1)
      .gather(-1, ids.narrow(0, 1, next).to(logits.device()).unsqueeze(-1))
      .squeeze(-1);
}

at::Tensor forward_alone(const Gemma4Model& model, const at::Tensor& ids,
                         const model::ForwardOptions& options = {}) {
  model::PackedContext context({0, ids.size(0)}, model.device());
  return model.hidden(ids, context, options);
}

struct DumpName {
  std::string kind;
  std::string name;  // below "seq{i}."
  Tolerance tolerance;
};

// What the dump calls a value that the observer sees.
DumpName dump_name(std::string_view observed, Dim layer) {
  const std::string word(observed);
  if (layer < 0) return {"hidden", "hidden." + word, kHidden};
  if (word == "layer") return {"hidden", cat("hidden.", layer), kHidden};
  if (word.starts_with("router.")) {
    const std::string leaf = word.substr(std::string_view("router.").size());
    return {word, cat("router.", layer, ".", leaf), leaf == "index" ? Tolerance::exact() : kRouter};
  }
  return {"sub", cat("sub.", layer, ".", word), kHidden};
}

// The sequences of one forward.
struct MicroBatch {
  std::vector<at::Tensor> sequences;
  Dim num_tokens = 0;
};

std::vector<MicroBatch> micro_batches(const ParityDump& dump, const BatchOptions& batching) {
  std::vector<MicroBatch> out(1);
  for (size_t i = 0; i < dump.num_sequences(); ++i) {
    const at::Tensor& ids = dump.input_ids(i);
    const auto held = static_cast<Dim>(out.back().sequences.size());
    const bool is_full =
        (batching.max_sequences > 0 && held >= batching.max_sequences) ||
        (batching.max_tokens > 0 && out.back().num_tokens + ids.size(0) > batching.max_tokens);
    if (is_full && held > 0) out.emplace_back();
    out.back().sequences.push_back(ids);
    out.back().num_tokens += ids.size(0);
  }
  return out;
}

// Minus the sum of the log-probabilities of a packed batch's next tokens over `num_targets`;
// backward too when gradients are wanted (the context must still be there for recomputation).
double run_micro_batch(const Gemma4Model& model, const MicroBatch& batch,
                       model::Recompute recompute, Dim num_targets) {
  std::vector<Dim> starts{0};
  std::vector<at::Tensor> rows;  // those that have a next token
  std::vector<at::Tensor> targets;
  for (const at::Tensor& ids : batch.sequences) {
    const Dim next = ids.size(0) - 1;
    rows.push_back(at::arange(starts.back(), starts.back() + next, at::kLong));
    targets.push_back(ids.narrow(0, 1, next));
    starts.push_back(starts.back() + ids.size(0));
  }
  model::PackedContext context(starts, model.device());
  const at::Tensor hidden =
      model.hidden(at::cat(batch.sequences), context, {.recompute = recompute, .observer = {}});
  const at::Tensor predicting = hidden.index_select(0, at::cat(rows).to(model.device()));
  const at::Tensor loss = model.log_probs(predicting, at::cat(targets))
                              .log_prob.sum()
                              .div(-static_cast<double>(num_targets));
  if (loss.requires_grad()) loss.backward();
  return loss.item().toDouble();
}

// Undefined where a parameter has none.
std::vector<at::Tensor> gradient_list(const Gemma4Model& model) {
  std::vector<at::Tensor> out;
  for (const model::Parameter& parameter : model.parameters()) {
    if (parameter.is_trainable()) out.push_back(parameter.gradient());
  }
  return out;
}

void check_one_gradient(const model::Parameter& parameter, double total_norm, ParityDump& dump,
                        Comparison& comparison) {
  const at::Tensor gradient = parameter.gradient();
  const std::string& name = parameter.name;
  if (!gradient.defined()) return comparison.fail_check("grad", "grad." + name, "no gradient");
  const double norm = dump.grad_norm(name).value_or(gradient.norm().item().toDouble());
  const at::Tensor whole = dump.take("grad." + name);
  const at::Tensor sum_last = dump.take("grad_sum_last." + name);
  const at::Tensor sum_prev = dump.take("grad_sum_prev." + name);
  const double least = kNoise * total_norm;
  if (whole.defined()) {
    const double largest = whole.abs().max().item().toDouble();
    comparison.compare("grad", "grad." + name, gradient, whole,
                       Tolerance::relative(kGradient, std::max(largest, least)));
  }
  const Tolerance of_norm = Tolerance::relative(kGradient, std::max(norm, least));
  if (sum_last.defined())
    comparison.compare("grad_sum", "grad_sum_last." + name, gradient.sum(-1), sum_last, of_norm);
  if (sum_prev.defined())
    comparison.compare("grad_sum", "grad_sum_prev." + name, gradient.sum(-2), sum_prev, of_norm);
  if (dump.grad_norm(name)) {
    comparison.compare("grad_norm", "grad_norm." + name, gradient.norm().item().toDouble(), norm,
                       of_norm);
  }
}

// Gradients of parameters that this model does not have.
void check_foreign_gradients(const Gemma4Model& model, const ParityDump& dump,
                             Comparison& comparison) {
  std::set<std::string> known;
  for (const model::Parameter& parameter : model.parameters()) {
    if (parameter.is_trainable()) known.insert(parameter.name);
  }
  for (const char* prefix : {"grad.", "grad_sum_last.", "grad_sum_prev."}) {
    for (const std::string& name : dump.names_below(prefix)) {
      if (!known.contains(name))
        comparison.fail_check("grad", prefix + name, "the model has no such parameter");
    }
  }
}

struct Greedy {
  std::vector<int64_t> ids;
  std::vector<double> log_probs;
  std::vector<double> margins;  // largest logit minus the second
};

// Every token from a forward over the whole sequence.
Greedy greedy_without_cache(const Gemma4Model& model, at::Tensor ids, Dim num_new) {
  Greedy out;
  for (Dim i = 0; i < num_new; ++i) {
    const at::Tensor hidden = forward_alone(model, ids);
    const at::Tensor row = model.logits(hidden.narrow(0, hidden.size(0) - 1, 1)).squeeze(0).cpu();
    const auto [values, indices] = row.topk(2);
    const int64_t id = indices[0].item().toLong();
    out.ids.push_back(id);
    out.log_probs.push_back(row.log_softmax(-1)[id].item().toDouble());
    out.margins.push_back(values[0].sub(values[1]).item().toDouble());
    ids = at::cat({ids, at::full({1}, id, at::kLong)});
  }
  return out;
}

Greedy greedy_with_cache(const Gemma4Model& model, const at::Tensor& prompt, Dim num_new) {
  rollout::Gemma4Decoder decoder(model);
  rollout::EngineOptions options;
  options.max_running = 1;
  options.cache_tokens = prompt.numel() + num_new;
  rollout::Engine engine(decoder, options);
  const int64_t* ids = prompt.const_data_ptr<int64_t>();
  rollout::Request request;
  request.prompt_ids.assign(ids, ids + prompt.numel());
  request.sampling.temperature = 0.0;
  request.max_new_tokens = num_new;
  engine.submit(std::move(request), std::array<uint64_t, 1>{0});
  while (!engine.is_idle()) engine.step();
  Greedy out;
  for (const rollout::Answer& answer : engine.poll()) {
    out.ids = answer.output_ids;
    out.log_probs.assign(answer.log_probs.begin(), answer.log_probs.end());
  }
  return out;
}

at::Tensor as_tensor(const std::vector<int64_t>& values) {
  return at::tensor(values, at::kLong);
}
at::Tensor as_tensor(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble);
}

// Differences of all parameters after the last step, those that the dump holds a corner of.
at::Tensor parameter_differences(const Gemma4Model& model, const OptimizerDump& dump,
                                 Comparison& comparison) {
  std::vector<at::Tensor> all;
  for (const model::Parameter& parameter : model.parameters()) {
    if (!parameter.is_trainable()) continue;
    const auto expected = dump.parameters.find(parameter.name);
    if (expected == dump.parameters.end()) {
      comparison.fail_check("optimizer.param", parameter.name, "the dump has no such parameter");
      continue;
    }
    at::Tensor found = parameter.value();
    for (Dim dim = 0; dim < found.dim(); ++dim)
      found = found.narrow(dim, 0, std::min(found.size(dim), expected->second.size(dim)));
    all.push_back(found.cpu().to(at::kDouble).sub(expected->second).abs().flatten());
  }
  return at::cat(all);
}

}  // namespace

double loss_and_gradients(const Gemma4Model& model, const ParityDump& dump,
                          const BatchOptions& batching) {
  Dim num_targets = 0;
  for (size_t i = 0; i < dump.num_sequences(); ++i) num_targets += dump.input_ids(i).size(0) - 1;
  double loss = 0.0;
  for (const MicroBatch& batch : micro_batches(dump, batching))
    loss += run_micro_batch(model, batch, batching.recompute, num_targets);
  return loss;
}

void check_forward(const Gemma4Model& model, ParityDump& dump, Comparison& comparison) {
  const c10::NoGradGuard no_grad;
  for (size_t i = 0; i < dump.num_sequences(); ++i) {
    const std::string sequence = cat("seq", i, ".");
    model::ForwardOptions options;
    if (dump.traced_sequence() == i) {
      options.observer = [&](std::string_view observed, Dim layer, const at::Tensor& value) {
        const DumpName where = dump_name(observed, layer);
        const at::Tensor expected = dump.take(sequence + where.name);
        if (expected.defined())
          comparison.compare(where.kind, sequence + where.name, value, expected, where.tolerance);
      };
    }
    const at::Tensor& ids = dump.input_ids(i);
    const at::Tensor logits = model.logits(forward_alone(model, ids, options));
    if (const at::Tensor expected = dump.take(sequence + "logits"); expected.defined())
      comparison.compare("logits", sequence + "logits", logits, expected, kLogits);
    if (const at::Tensor expected = dump.take(sequence + "logprobs"); expected.defined())
      comparison.compare("logprobs", sequence + "logprobs", next_log_probs(logits, ids), expected,
                         kLogProbs);
    dump.take(sequence + "logits_bf16");  // of another arithmetic
  }
}

void check_gradients(Gemma4Model& model, ParityDump& dump, const BatchOptions& batching,
                     Comparison& comparison) {
  model.zero_grad();
  model.set_requires_grad(true);
  const double loss = loss_and_gradients(model, dump, batching);
  model.set_requires_grad(false);
  if (const at::Tensor expected = dump.take("loss"); expected.defined())
    comparison.compare("loss", "loss", loss, expected.item().toDouble(), kLoss);
  const double total_norm = train::grad_norm(gradient_list(model)).item().toDouble();
  // From the loss backwards, so that the first difference is the one to look at.
  for (auto parameter = model.parameters().rbegin(); parameter != model.parameters().rend();
       ++parameter) {
    if (parameter->is_trainable()) check_one_gradient(*parameter, total_norm, dump, comparison);
  }
  check_foreign_gradients(model, dump, comparison);
  model.zero_grad();
}

void check_generation(const Gemma4Model& model, ParityDump& dump, Comparison& comparison) {
  const c10::NoGradGuard no_grad;
  const at::Tensor prompt = dump.take("gen.prompt_ids");
  const at::Tensor expected = dump.take("gen.new_ids");
  const at::Tensor log_probs = dump.take("gen.logprobs");
  const at::Tensor margins = dump.take("gen.top2_margin");
  if (!prompt.defined() || !expected.defined()) return;
  const Greedy plain = greedy_without_cache(model, prompt, expected.numel());
  const Greedy cached = greedy_with_cache(model, prompt, expected.numel());
  comparison.compare("greedy tokens", "gen.new_ids without cache", as_tensor(plain.ids), expected,
                     Tolerance::exact());
  comparison.compare("greedy tokens", "gen.new_ids with cache", as_tensor(cached.ids), expected,
                     Tolerance::exact());
  if (log_probs.defined()) {
    comparison.compare("greedy logprobs", "gen.logprobs without cache", as_tensor(plain.log_probs),
                       log_probs, kLogProbs);
    comparison.compare("greedy logprobs", "gen.logprobs with cache", as_tensor(cached.log_probs),
                       log_probs, kLogProbs);
  }
  if (margins.defined())
    comparison.compare("greedy margins", "gen.top2_margin", as_tensor(plain.margins), margins,
                       kMargin);
}

void check_optimizer(Gemma4Model& model, ParityDump& dump, const BatchOptions& batching,
                     Comparison& comparison) {
  if (!dump.optimizer()) return;
  const OptimizerDump& expected = *dump.optimizer();
  model.set_requires_grad(true);
  std::vector<at::Tensor> values;
  for (const model::Parameter& parameter : model.parameters()) {
    if (parameter.is_trainable()) values.push_back(parameter.value());
  }
  train::AdamW optimizer(values, expected.options);
  const Dim steps = expected.grad_norms.numel();
  for (Dim step = 0; step <= steps; ++step) {
    model.zero_grad();
    const double loss = loss_and_gradients(model, dump, batching);
    comparison.compare("optimizer.loss", cat("opt.loss before step ", step + 1), loss,
                       expected.losses[step].item().toDouble(), kOptimizerLoss);
    if (step == steps) break;
    const std::vector<at::Tensor> gradients = gradient_list(model);
    const at::Tensor norm = train::grad_norm(gradients);
    comparison.compare("optimizer.grad_norm", cat("opt.grad_norm of step ", step + 1),
                       norm.item().toDouble(), expected.grad_norms[step].item().toDouble(),
                       kOptimizerNorm);
    train::clip_grad_norm(gradients, norm, expected.max_grad_norm);
    optimizer.step(gradients);
  }
  model.zero_grad();
  model.set_requires_grad(false);
  const at::Tensor off = parameter_differences(model, expected, comparison);
  comparison.compare("optimizer.param_mean", "mean difference of all parameters",
                     off.mean().item().toDouble(), 0.0, kParameterMean);
  comparison.compare("optimizer.param_share", "share of elements off by more than 1e-5",
                     off.gt(kParameterFar).to(at::kDouble).mean().item().toDouble(), 0.0,
                     kParameterShare);
  comparison.compare("optimizer.param_max", "largest difference of any parameter",
                     off.max().item().toDouble(), 0.0, kParameterMax);
}

}  // namespace lapidary::cli
