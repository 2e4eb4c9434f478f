#include "base/check.h"
#include "lapidary_check/case_values.h"
#include "lapidary_check/checks.h"
#include "rl/advantage/dynamic_filter.h"
#include "rl/advantage/group_rewards.h"
#include "rl/advantage/token_advantages.h"
#include "rl/record/trajectory.h"

namespace lapidary::check {

namespace {

Json group_norm(const Json& input) {
  const JsonObject fields(input, "group_norm");
  const std::string key = fields.get_string_or("reward_key", "");
  std::vector<double> rewards;
  Json raw = Json::array();
  for (const Json& reward : fields.at("rewards")) {
    rewards.push_back(rl::reward_value(reward, key));
    raw.push_back(rl::reward_field(reward, key));
  }
  std::vector<Dim> group_ids;
  Dim group = 0;
  for (const Dim size : fields.get_ints("group_sizes")) {
    group_ids.insert(group_ids.end(), static_cast<size_t>(size), group++);
  }
  rl::GroupRewardOptions options;
  options.estimator = rl::estimator_from_name(fields.get_string("advantage_estimator"));
  options.is_normalized = fields.get_bool("rewards_normalization");
  options.is_divided_by_std = fields.get_bool("grpo_std_normalization");
  return Json{{"rewards", numbers(rl::group_rewards(rewards, group_ids, options))},
              {"raw_rewards", raw}};
}

// The lists of one sample, kept alive for the spans of an AdvantageInput.
struct SampleLists {
  std::vector<Dim> mask;
  std::vector<float> old_log_probs;
  std::vector<float> ref_log_probs;
  std::vector<float> teacher_log_probs;
  std::vector<float> values;
};

std::vector<float> optional_floats(const Json& input, const char* key, size_t sample) {
  return input.contains(key) && !input[key].is_null() ? floats(element(input[key], sample))
                                                      : std::vector<float>();
}

rl::AdvantageOptions advantage_options(const JsonObject& fields) {
  rl::AdvantageOptions options;
  options.estimator = rl::estimator_from_name(fields.get_string("advantage_estimator"));
  options.kl_coef = fields.get_double("kl_coef");
  options.kl_kind = rl::kl_kind_from_name(fields.get_string("kl_loss_type"));
  options.gamma = fields.get_double("gamma");
  options.lambd = fields.get_double("lambd");
  options.ppo_penalty = rl::PpoPenalty::kAllTokens;
  if (fields.get_bool_or("use_opd", false)) {
    options.distillation_coef = fields.get_double("opd_kl_coef");
  }
  return options;
}

// The reference raises for a fully masked sample of reinforce_plus_plus, and when there is nothing
// to whiten; here they weigh nothing.
std::string reference_error(const std::vector<SampleLists>& samples,
                            const rl::AdvantageOptions& options, bool is_whitened) {
  bool has_any = false;
  bool has_masked_sample = false;
  for (const SampleLists& sample : samples) {
    bool has_token = false;
    for (const Dim mask : sample.mask) {
      has_token = has_token || mask != 0;
    }
    has_any = has_any || has_token;
    has_masked_sample = has_masked_sample || !has_token;
  }
  if (options.estimator == rl::Estimator::kReinforcePlusPlus && has_masked_sample) {
    return "AssertionError";
  }
  return is_whitened && !has_any ? "ValueError" : "";
}

Json advantages(const Json& input) {
  const JsonObject fields(input, "advantages");
  const rl::AdvantageOptions options = advantage_options(fields);
  const bool is_whitened = fields.get_bool("normalize_advantages");
  const size_t count = fields.at("loss_masks").size();
  std::vector<SampleLists> samples(count);
  std::vector<std::span<const int64_t>> masks;
  std::vector<std::vector<double>> values;
  Json returns = Json::array();
  Json kl = Json::array();
  for (size_t i = 0; i < count; ++i) {
    SampleLists& lists = samples[i];
    lists = {dims(element(fields.at("loss_masks"), i)), optional_floats(input, "log_probs", i),
             optional_floats(input, "ref_log_probs", i),
             optional_floats(input, "teacher_log_probs", i), optional_floats(input, "values", i)};
    masks.emplace_back(lists.mask);
    rl::AdvantageInput sample;
    sample.reward = element(fields.at("rewards"), i).get<double>();
    sample.loss_mask = lists.mask;
    sample.old_log_probs = lists.old_log_probs;
    sample.ref_log_probs = lists.ref_log_probs;
    sample.teacher_log_probs = lists.teacher_log_probs;
    sample.values = lists.values;
    rl::TokenAdvantages found = rl::token_advantages(sample, options);
    values.push_back(std::move(found.advantages));
    returns.push_back(numbers(found.returns));
    kl.push_back(numbers(found.kl));
  }
  if (is_whitened) {
    rl::whiten(values, masks);
  }
  Json result{{"advantages", Json::array()}, {"returns", returns}, {"kl", kl}};
  for (const std::vector<double>& sample : values) {
    result["advantages"].push_back(numbers(sample));
  }
  const std::string raised = reference_error(samples, options, is_whitened);
  if (!raised.empty()) {
    result["error"] = raised;
  }
  return result;
}

Json dynamic_filter(const Json& input) {
  const JsonObject fields(input, "dynamic_filter");
  const auto rewards = fields.at("rewards").get<std::vector<Json>>();
  const rl::FilterVerdict verdict =
      rl::filter_group(rewards, fields.get_string_or("reward_key", ""),
                       rl::dynamic_filter_from_path(fields.get_string("filter")));
  Json result{{"keep", verdict.keep},
              {"reason", verdict.keep ? Json() : Json(verdict.reason)},
              {"keep_when_insufficient", verdict.keep_when_insufficient}};
  if (fields.has("remaining_batch_size")) {
    result["drop"] = rl::is_dropped(verdict, fields.get_int("remaining_batch_size"),
                                    fields.get_int("target_data_size"));
  }
  return result;
}

}  // namespace

Json evaluate_advantages(const JsonObject& test_case) {
  const std::string kind = test_case.get_string("kind");
  const Json& input = test_case.at("input");
  if (kind == "group_norm") {
    return group_norm(input);
  }
  if (kind == "advantages") {
    return advantages(input);
  }
  if (kind == "dynamic_filter") {
    return dynamic_filter(input);
  }
  fail(ErrorKind::kUnsupported, "advantages has no case of the kind ", kind);
}

}  // namespace lapidary::check
