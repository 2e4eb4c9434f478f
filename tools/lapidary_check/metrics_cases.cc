#include "base/check.h"
#include "lapidary_check/case_values.h"
#include "lapidary_check/checks.h"
#include "rl/metrics/rollout_metrics.h"

namespace lapidary::check {

namespace {

Json named(const rl::NamedValues& values) {
  Json out = Json::object();
  for (const auto& [name, value] : values) {
    out[name] = number(value);
  }
  return out;
}

// A text, or {"repeat": "ab", "times": 3}.
std::string response_text(const Json& response) {
  if (response.is_string()) {
    return response.get<std::string>();
  }
  std::string text;
  for (int64_t i = 0; i < response.at("times").get<int64_t>(); ++i) {
    text += response.at("repeat").get<std::string>();
  }
  return text;
}

Json rollout_metrics(const Json& input) {
  const JsonObject fields(input, "rollout_metrics");
  std::vector<rl::AnswerFigures> answers;
  for (const Json& sample : fields.at("samples")) {
    const JsonObject given(sample, "sample");
    rl::AnswerFigures answer;
    answer.group_id = given.get_int("group_index");
    answer.response_tokens = given.get_int("response_length");
    answer.effective_tokens = answer.response_tokens;
    if (given.has("loss_mask")) {
      answer.effective_tokens = 0;
      for (const Dim mask : given.get_ints("loss_mask")) {
        answer.effective_tokens += mask;
      }
    }
    answer.reward = given.at("reward");
    answer.is_truncated = given.get_string("status") == "truncated";
    answer.text = response_text(given.at("response"));
    answer.tool_seconds = given.get_double_or("non_generation_time", 0.0);
    answer.cached_tokens = given.get_int_or("cached_tokens", 0);
    answer.prompt_tokens = given.get_int_or("prompt_tokens", 0);
    answers.push_back(std::move(answer));
  }
  rl::RolloutFigures figures;
  figures.reward_key = fields.get_string_or("reward_key", "");
  figures.seconds = fields.get_double("rollout_time");
  figures.num_devices = fields.get_int_or("rollout_num_gpus", 0);
  return named(rl::rollout_metrics(answers, figures));
}

Json pass_rate(const Json& input) {
  const JsonObject fields(input, "pass_rate");
  const std::vector<double> rewards = doubles(fields.at("rewards"));
  const Dim group_size = fields.get_int("group_size");
  std::vector<Dim> group_ids;
  for (size_t i = 0; i < rewards.size(); ++i) {
    group_ids.push_back(static_cast<Dim>(i) / group_size);
  }
  return named(rl::pass_rates(rewards, group_ids, group_size));
}

Json statistics(const Json& input) {
  const rl::Statistics found = rl::statistics(doubles(input.at("values")));
  return Json{
      {"mean", found.mean}, {"median", found.median}, {"max", found.max}, {"min", found.min}};
}

double mean(const std::vector<double>& values) {
  return rl::statistics(values).mean;
}

Json train_rollout_log(const Json& input) {
  const JsonObject fields(input, "train_rollout_log");
  std::vector<std::vector<Dim>> masks;
  std::vector<std::span<const int64_t>> mask_views;
  for (const Json& mask : fields.at("loss_masks")) {
    masks.push_back(dims(mask));
  }
  mask_views.assign(masks.begin(), masks.end());
  const std::vector<Dim> rollout_ids = fields.get_ints("rollout_ids");
  const Dim num_rollouts = fields.get_int("num_rollouts");
  Json result = Json::object();
  for (const char* name : {"response_lengths", "total_lengths", "rewards", "truncated"}) {
    result[cat("rollout/", name)] = mean(doubles(fields.at(name)));
  }
  result["rollout/raw_reward"] = result["rollout/rewards"];
  for (const char* name : {"log_probs", "ref_log_probs", "rollout_log_probs", "advantages",
                           "returns", "values", "kl"}) {
    if (!fields.has(name)) {
      continue;
    }
    std::vector<std::vector<double>> values;
    for (const Json& sample : fields.at(name)) {
      values.push_back(doubles(sample));
    }
    const rl::TokenField field{name, {values.begin(), values.end()}};
    result[cat("rollout/", name)] =
        std::string(name) == "kl"
            ? rl::plain_token_mean(field)
            : rl::rollout_token_mean(field, mask_views, rollout_ids, num_rollouts);
  }
  // The reference also averages the numbers of the samples; nobody reads it, and it is no metric of
  // the product.
  result["rollout/partition"] = static_cast<double>(masks.size() - 1) / 2;
  return result;
}

}  // namespace

Json evaluate_metrics_values(const JsonObject& test_case) {
  const std::string kind = test_case.get_string("kind");
  const Json& input = test_case.at("input");
  if (kind == "rollout_metrics") {
    return rollout_metrics(input);
  }
  if (kind == "pass_rate") {
    return pass_rate(input);
  }
  if (kind == "statistics") {
    return statistics(input);
  }
  if (kind == "train_rollout_log") {
    return train_rollout_log(input);
  }
  fail(ErrorKind::kUnsupported, "metrics-values has no case of the kind ", kind);
}

}  // namespace lapidary::check
