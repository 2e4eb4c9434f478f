#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

#include "base/check.h"
#include "lapidary_check/case_values.h"
#include "lapidary_check/checks.h"
#include "lapidary_check/loss_step.h"
#include "rl/loss/kl.h"
#include "rl/loss/value_loss.h"
#include "rl/packing/context_slice.h"

namespace lapidary::check {

namespace {

Json metric_values(const LossStep& step) {
  Json out = Json::object();
  for (const auto& [name, value] : step.metrics()) {
    out[name] = number(value);
  }
  return out;
}

Json step_result(const LossStep& step, const at::Tensor& loss) {
  return Json{{"step_loss", tensor_values(loss)},
              {"metrics", metric_values(step)},
              {"grad_log_probs", step.grad_log_probs()},
              {"grad_entropy", step.grad_entropy()}};
}

// Micro-batches over data-parallel ranks: [rank][micro-batch] sample numbers; one of all by
// default.
std::vector<std::vector<size_t>> micro_batches(const JsonObject& input, size_t num_samples) {
  std::vector<std::vector<size_t>> out;
  if (input.has("layout")) {
    for (const Json& rank : input.at("layout")) {
      for (const Json& samples : rank) {
        out.push_back(samples.get<std::vector<size_t>>());
      }
    }
    return out;
  }
  std::vector<size_t> all;
  for (size_t i = 0; i < num_samples; ++i) {
    all.push_back(i);
  }
  return {all};
}

Json policy_loss(const JsonObject& input) {
  LossStep step(input.get_object("flags"), input.at("samples"), input.get_int("global_batch_size"));
  std::vector<at::Tensor> losses;
  for (const std::vector<size_t>& samples : micro_batches(input, step.num_samples())) {
    std::vector<Part> parts;
    for (const size_t sample : samples) {
      parts.push_back(step.whole(sample));
    }
    losses.push_back(step.micro_batch(parts));
  }
  const at::Tensor loss = at::stack(losses).sum();
  loss.backward();
  return step_result(step, loss);
}

at::Tensor rows_of(const at::Tensor& values, const std::vector<Dim>& rows) {
  return values.index_select(0, at::tensor(rows, at::kLong));
}

Json cp_loss(const JsonObject& input) {
  LossStep step(input.get_object("flags"), input.at("samples"), input.get_int("global_batch_size"));
  const Dim num_ranks = context_ranks(input);
  std::vector<std::vector<Part>> parts(static_cast<size_t>(num_ranks));
  for (Dim rank = 0; rank < num_ranks; ++rank) {
    for (size_t i = 0; i < step.num_samples(); ++i) {
      const auto response = static_cast<Dim>(step.whole(i).tokens.size());
      const Dim total = element(input.at("samples"), i).at("prompt_length").get<Dim>() + response;
      parts[static_cast<size_t>(rank)].push_back(
          {i, rl::context_slice(total, response, num_ranks, rank).response_indices});
    }
  }
  const std::vector<at::Tensor> losses = step.ranks(parts);
  const at::Tensor loss = at::stack(losses).sum();
  loss.backward();
  Json ranks = Json::array();
  for (size_t rank = 0; rank < parts.size(); ++rank) {
    Json result{{"partial_loss", tensor_values(losses[rank])},
                {"grad_log_probs", Json::array()},
                {"grad_entropy", Json::array()},
                {"response_indices", Json::array()}};
    for (const Part& part : parts[rank]) {
      result["grad_log_probs"].push_back(
          tensor_values(rows_of(step.grad_log_probs(part.sample), part.tokens)));
      result["grad_entropy"].push_back(
          tensor_values(rows_of(step.grad_entropy(part.sample), part.tokens)));
      result["response_indices"].push_back(part.tokens);
    }
    ranks.push_back(result);
  }
  return Json{{"full", step_result(step, loss)}, {"ranks", ranks}};
}

at::Tensor leaf(const Json& values) {
  return float_tensor(values).requires_grad_(true);
}

Json kl(const JsonObject& input) {
  const at::Tensor log_probs = leaf(input.at("log_probs"));
  const at::Tensor importance =
      input.has("importance_ratio") ? float_tensor(input.at("importance_ratio")) : at::Tensor();
  const at::Tensor found =
      rl::kl_tensor(rl::kl_kind_from_name(input.get_string("kl_loss_type")),
                    log_probs - float_tensor(input.at("base_log_probs")), importance);
  found.sum().backward();
  return Json{{"kl", tensor_values(found)}, {"grad_log_probs", tensor_values(log_probs.grad())}};
}

Json clip(const JsonObject& input) {
  rl::PolicyLossOptions options;
  options.eps_clip = input.get_double("eps_clip");
  options.eps_clip_high = input.get_double("eps_clip_high");
  if (input.has("eps_clip_c")) {
    options.eps_clip_c = input.get_double("eps_clip_c");
  }
  rl::validate(options);
  const at::Tensor old_minus_new = leaf(input.at("old_minus_new"));
  const rl::ClippedObjective found =
      rl::clipped_objective(-old_minus_new, float_tensor(input.at("advantages")), options);
  found.loss.sum().backward();
  return Json{{"loss", tensor_values(found.loss)},
              {"clipped", tensor_values(found.is_clipped.to(at::kFloat))},
              {"grad_old_minus_new", tensor_values(old_minus_new.grad())}};
}

// Lists of samples as flat tensors with the weights of one step.
struct FlatSamples {
  std::vector<at::Tensor> leaves;
  at::Tensor values;
  at::Tensor mask;
  at::Tensor weights;
};

at::Tensor flat(const Json& lists) {
  std::vector<at::Tensor> pieces;
  for (const Json& list : lists) {
    pieces.push_back(float_tensor(list));
  }
  return at::cat(pieces);
}

FlatSamples flat_samples(const JsonObject& input, const char* values_key) {
  std::vector<std::vector<Dim>> masks;
  std::vector<Dim> ids;
  for (const Json& mask : input.at("loss_masks")) {
    ids.push_back(static_cast<Dim>(masks.size()));
    masks.push_back(dims(mask));
  }
  const std::vector<std::span<const int64_t>> views(masks.begin(), masks.end());
  const rl::StepTotals totals = rl::step_totals(views, ids, input.get_int("global_batch_size"));
  const rl::Reduction reduction = input.get_bool("calculate_per_token_loss")
                                      ? rl::Reduction::kPerToken
                                      : rl::Reduction::kPerRollout;
  FlatSamples out;
  std::vector<at::Tensor> weights;
  for (size_t i = 0; i < masks.size(); ++i) {
    out.leaves.push_back(leaf(element(input.at(values_key), i)));
    weights.push_back(at::tensor(rl::token_weights(masks[i], ids[i], totals, reduction)));
  }
  out.values = at::cat(out.leaves);
  out.mask = flat(input.at("loss_masks")).ne(0);
  out.weights = at::cat(weights);
  return out;
}

Json leaf_gradients(const FlatSamples& samples) {
  Json list = Json::array();
  for (const at::Tensor& values : samples.leaves) {
    list.push_back(tensor_values(values.grad()));
  }
  return list;
}

Json value_loss(const JsonObject& input) {
  const FlatSamples samples = flat_samples(input, "values");
  const rl::ValueLoss found =
      rl::value_loss({samples.values, flat(input.at("old_values")), flat(input.at("returns")),
                      samples.mask, samples.weights},
                     input.get_double("value_clip"));
  found.loss.backward();
  return Json{{"step_loss", tensor_values(found.loss)},
              {"metrics",
               {{"value_loss", tensor_values(found.loss)},
                {"value_clipfrac", tensor_values(found.clip_fraction)}}},
              {"grad_values", leaf_gradients(samples)}};
}

Json sft_loss(const JsonObject& input) {
  const FlatSamples samples = flat_samples(input, "log_probs");
  const at::Tensor loss = rl::sft_loss(samples.values, samples.weights, samples.mask);
  loss.backward();
  return Json{{"step_loss", tensor_values(loss)}, {"grad_log_probs", leaf_gradients(samples)}};
}

Json evaluate(const std::string& kind, const JsonObject& input) {
  if (kind == "policy_loss") {
    return policy_loss(input);
  }
  if (kind == "cp_loss") {
    return cp_loss(input);
  }
  if (kind == "kl") {
    return kl(input);
  }
  if (kind == "clip") {
    return clip(input);
  }
  if (kind == "value_loss") {
    return value_loss(input);
  }
  if (kind == "sft_loss") {
    return sft_loss(input);
  }
  fail(ErrorKind::kUnsupported, "the losses have no case of the kind ", kind);
}

}  // namespace

Json evaluate_policy_loss(const JsonObject& test_case) {
  try {
    return evaluate(test_case.get_string("kind"), test_case.get_object("input"));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInvalidArgument) {
      throw;
    }
    return refusal("AssertionError", error);
  }
}

Json evaluate_cp_loss(const JsonObject& test_case) {
  return evaluate_policy_loss(test_case);
}

}  // namespace lapidary::check
