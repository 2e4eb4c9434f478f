#include "loop/sample_check.h"

#include <cmath>

#include "base/check.h"

namespace lapidary::loop {

namespace {

void check_length(size_t found, Dim expected, const std::string& what, const std::string& list) {
  if (static_cast<Dim>(found) == expected) return;
  fail(ErrorKind::kInvalidArgument, what, " has ", found, " values of ", list, " for ", expected,
       " response tokens");
}

void check_sample(const rl::Sample& sample, const std::string& what,
                  const model::Gemma4Model& model) {
  const Dim response = sample.response_length;
  if (response < 0 || response >= sample.total_length()) {
    fail(ErrorKind::kInvalidArgument, what, " has ", sample.total_length(), " tokens, ", response,
         " of them a response; at least one token must come before the response");
  }
  check_length(sample.loss_mask.size(), response, what, "loss_mask");
  if (!sample.rollout_log_probs.empty())
    check_length(sample.rollout_log_probs.size(), response, what, "rollout_log_probs");
  if (!std::isfinite(sample.reward))
    fail(ErrorKind::kInvalidArgument, what, " has the reward ", sample.reward, ", not a number");
  model.check_ids(sample.tokens, what);
  model.check_length(sample.total_length(), what);
}

}  // namespace

void check_samples(std::span<const rl::Sample> samples, const model::Gemma4Model& model) {
  if (samples.empty())
    fail(ErrorKind::kInvalidArgument, "there is nothing to train on: no samples");
  size_t lacking = 0;
  bool some = false;
  for (size_t i = 0; i < samples.size(); ++i) {
    check_sample(samples[i], cat("sample ", i), model);
    some = some || !samples[i].rollout_log_probs.empty();
    lacking += samples[i].response_length > 0 && samples[i].rollout_log_probs.empty() ? 1 : 0;
  }
  if (some && lacking > 0) {
    fail(ErrorKind::kInvalidArgument, lacking, " of ", samples.size(),
         " samples lack the engine's log-probs; all must have them or none");
  }
}

}  // namespace lapidary::loop
