#include "rl/record/sample_json.h"

namespace lapidary::rl {

Json sample_json(const Trajectory& trajectory, const Prompt& prompt, const std::string& response) {
  std::vector<int64_t> tokens = trajectory.prompt_tokens;
  const std::vector<int64_t> answer = trajectory.response_tokens();
  tokens.insert(tokens.end(), answer.begin(), answer.end());
  return Json{{"index", trajectory.sample_id},
              {"group_index", trajectory.group_id},
              {"prompt", prompt.content},
              {"tokens", tokens},
              {"response", response},
              {"response_length", trajectory.response_length()},
              {"label", prompt.label},
              {"reward", trajectory.reward},
              {"loss_mask", trajectory.loss_mask()},
              {"rollout_log_probs", trajectory.response_log_probs()},
              {"status", to_string(trajectory.status)},
              {"metadata", prompt.metadata},
              {"tool_call_count", trajectory.tool_calls},
              {"non_generation_time", trajectory.tool_seconds}};
}

}  // namespace lapidary::rl
