// --custom-rm-path MODULE.FUNCTION: the user's own reward, a Python function (plain or async) that
// gets a sample as a dict (rl/record/sample_json.h) and returns a number or a dict of which
// --reward-key picks the score.
//
//   def score(sample):
//       return 1.0 if sample["response"].strip().endswith(sample["label"]) else 0.0
#pragma once

#include <string>

#include "loop/reward_function.h"
#include "sandbox/python_workers.h"

namespace lapidary::loop {

class CustomReward final : public RewardFunction {
 public:
  // `workers` outlives this object and every call. Loads the function: throws as
  // PythonWorkers::require does.
  CustomReward(sandbox::PythonWorkers& workers, std::string function);

  // An exception, a crash, a hang or a value of another kind is an error of that sample; how often
  // each came is in workers.statistics().
  void score(const RewardCase& scored, Done done) override;

 private:
  sandbox::PythonWorkers& workers_;
  std::string function_;
};

}  // namespace lapidary::loop
