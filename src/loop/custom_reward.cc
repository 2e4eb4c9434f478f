#include "loop/custom_reward.h"

#include "base/check.h"
#include "base/text.h"
#include "rl/record/sample_json.h"

namespace lapidary::loop {
namespace {

RewardOutcome outcome_of(const std::string& function, const sandbox::WorkerResult& result) {
  if (result.status != sandbox::WorkerStatus::kOk) {
    return {nullptr, cat(function, ": ", to_string(result.status), ": ", result.error)};
  }
  if (!result.value.is_number() && !result.value.is_boolean() && !result.value.is_object()) {
    return {nullptr, cat(function, ": a reward must be a number or a dict, found ",
                         json_type(result.value))};
  }
  return {result.value, ""};
}

}  // namespace

CustomReward::CustomReward(sandbox::PythonWorkers& workers, std::string function)
    : workers_(workers), function_(std::move(function)) {
  workers_.require(function_, "--custom-rm-path");
}

void CustomReward::score(const RewardCase& scored, Done done) {
  workers_.submit(
      function_, Json::array({rl::sample_json(scored.trajectory, scored.prompt, scored.response)}),
      [function = function_, done = std::move(done)](const sandbox::WorkerResult& result) {
        done(outcome_of(function, result));
      });
}

}  // namespace lapidary::loop
