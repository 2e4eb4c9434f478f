#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include "base/check.h"
#include "lapidary_check/case_values.h"
#include "lapidary_check/checks.h"
#include "rl/loss/logit_log_probs.h"
#include "rl/packing/context_slice.h"

namespace lapidary::check {

namespace {

// Where the response tokens of packed sequences are predicted, and what they are.
struct ResponseRows {
  std::vector<Dim> rows;
  std::vector<Dim> targets;
  std::vector<Dim> counts;  // of each sample
};

ResponseRows response_rows(const JsonObject& input, Dim num_ranks, Dim rank) {
  const std::vector<Dim> lengths = input.get_ints("response_lengths");
  ResponseRows out;
  Dim first_row = 0;
  for (size_t i = 0; i < lengths.size(); ++i) {
    const std::vector<Dim> tokens = dims(element(input.at("tokens"), i));
    const auto total = static_cast<Dim>(tokens.size());
    const rl::ContextSlice slice = rl::context_slice(total, lengths[i], num_ranks, rank);
    out.counts.push_back(static_cast<Dim>(slice.response_indices.size()));
    for (const Dim response : slice.response_indices) {
      const Dim token = total - lengths[i] + response;
      out.rows.push_back(first_row + token - 1);
      out.targets.push_back(tokens[static_cast<size_t>(token)]);
    }
    first_row += total;
  }
  return out;
}

Json by_sample(const at::Tensor& values, const std::vector<Dim>& counts) {
  Json list = Json::array();
  Dim at = 0;
  for (const Dim count : counts) {
    list.push_back(tensor_values(values.narrow(0, at, count)));
    at += count;
  }
  return list;
}

// The kept ids of every row, samples one after the other.
struct KeptLists {
  std::vector<Dim> ids;
  std::vector<Dim> offsets = {0};
};

KeptLists kept_lists(const JsonObject& input) {
  KeptLists out;
  for (size_t i = 0; i < input.at("top_p_token_ids").size(); ++i) {
    const std::vector<Dim> ids = dims(element(input.at("top_p_token_ids"), i));
    const std::vector<Dim> offsets = dims(element(input.at("top_p_token_offsets"), i));
    const auto before = static_cast<Dim>(out.ids.size());
    for (size_t row = 1; row < offsets.size(); ++row) {
      out.offsets.push_back(before + offsets[row]);
    }
    out.ids.insert(out.ids.end(), ids.begin(), ids.end());
  }
  return out;
}

rl::LogitLogProbs log_probs_of(const at::Tensor& logits, const ResponseRows& rows,
                               const JsonObject& input) {
  rl::LogitOptions options;
  options.temperature = input.get_double("temperature");
  options.softcap = input.get_double_or("final_logit_softcap", 0.0);
  const at::Tensor used = logits.index_select(0, at::tensor(rows.rows, at::kLong));
  const at::Tensor targets = at::tensor(rows.targets, at::kLong);
  if (!input.has("top_p_token_ids")) {
    return rl::logit_log_probs(used, targets, options);
  }
  const KeptLists kept = kept_lists(input);
  const rl::KeptIds view{kept.ids, kept.offsets};
  return rl::logit_log_probs(used, targets, options, &view);
}

at::Tensor flat(const Json& lists) {
  std::vector<at::Tensor> pieces;
  for (const Json& list : lists) {
    pieces.push_back(float_tensor(list));
  }
  return at::cat(pieces);
}

Json values_of(const rl::LogitLogProbs& found, const ResponseRows& rows) {
  return Json{{"log_probs", by_sample(found.log_prob, rows.counts)},
              {"entropy", by_sample(found.entropy, rows.counts)}};
}

void backward(const rl::LogitLogProbs& found, const JsonObject& input) {
  ((found.log_prob * flat(input.at("weight_log_probs"))).sum() +
   (found.entropy * flat(input.at("weight_entropy"))).sum())
      .backward();
}

Json logprob(const JsonObject& input) {
  const at::Tensor logits = float_tensor(input.at("logits")).requires_grad_(true);
  const ResponseRows rows = response_rows(input, 1, 0);
  const rl::LogitLogProbs found = log_probs_of(logits, rows, input);
  Json result = values_of(found, rows);
  if (input.has("weight_log_probs")) {
    backward(found, input);
    result["grad_logits"] = tensor_values(logits.grad());
  }
  return result;
}

Json logprob_cp(const JsonObject& input) {
  const at::Tensor logits = float_tensor(input.at("logits"));
  const Dim num_ranks = context_ranks(input);
  const ResponseRows all = response_rows(input, 1, 0);
  Json ranks = Json::array();
  for (Dim rank = 0; rank < num_ranks; ++rank) {
    const ResponseRows rows = response_rows(input, num_ranks, rank);
    ranks.push_back(values_of(log_probs_of(logits, rows, input), rows));
  }
  return Json{{"full", values_of(log_probs_of(logits, all, input), all)}, {"ranks", ranks}};
}

Json lm_head(const JsonObject& input) {
  const at::Tensor hidden = float_tensor(input.at("hidden")).requires_grad_(true);
  const at::Tensor weight = float_tensor(input.at("weight")).requires_grad_(true);
  const ResponseRows rows = response_rows(input, 1, 0);
  const rl::LogitLogProbs found = log_probs_of(hidden.matmul(weight.t()), rows, input);
  backward(found, input);
  Json result = values_of(found, rows);
  result["grad_hidden"] = tensor_values(hidden.grad());
  result["grad_weight"] = tensor_values(weight.grad());
  return result;
}

}  // namespace

Json evaluate_logprob_entropy(const JsonObject& test_case) {
  const std::string kind = test_case.get_string("kind");
  const JsonObject input = test_case.get_object("input");
  if (kind == "logprob_cp") {
    return logprob_cp(input);
  }
  if (kind == "lm_head") {
    return lm_head(input);
  }
  if (kind == "logprob" || kind == "logprob_top_p" || kind == "logprob_softcap") {
    return logprob(input);
  }
  fail(ErrorKind::kUnsupported, "logprob-entropy has no case of the kind ", kind);
}

}  // namespace lapidary::check
