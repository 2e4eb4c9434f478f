// What is shown of a rollout, under slime's names.
//
// Worked example. Two answers of one prompt, 3 of 4 and 1 of 1 tokens the model's, both of reward
// 1, made in 2 s on one device: rollout/response_len/mean 2, rollout/zero_std/count_1.0 1,
// perf/tokens_per_gpu_per_sec 2.5, perf/effective_tokens_per_gpu_per_sec 2.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/dim.h"
#include "base/json.h"
#include "rl/metrics/statistics.h"

namespace lapidary::rl {

struct AnswerFigures {
  Dim group_id = 0;
  Dim response_tokens = 0;   // all
  Dim effective_tokens = 0;  // the model's
  Json reward;
  bool is_truncated = false;
  std::string text;
  double tool_seconds = 0.0;  // not spent generating
  Dim cached_tokens = 0;      // prompt tokens found in the prefix cache
  Dim prompt_tokens = 0;      // of all requests
};

struct RolloutFigures {
  std::string reward_key;
  double seconds = 0.0;
  Dim num_devices = 0;  // 0: rates for each device are left out
};

// rollout/response_len/*, zero_std/count_R, prefix_cache_hit_rate, avg_cached_tokens_per_sample,
// repetition_frac, truncated_ratio; perf/rollout_time, non_generation_time/*, tokens per second.
NamedValues rollout_metrics(std::span<const AnswerFigures> answers, const RolloutFigures& figures);

// Per-token values of a training batch: the mean over rollouts of each rollout's masked token mean.
struct TokenField {
  std::string name;                             // "log_probs"
  std::vector<std::span<const double>> values;  // [samples][response]
};
double rollout_token_mean(const TokenField& field,
                          std::span<const std::span<const int64_t>> loss_masks,
                          std::span<const Dim> rollout_ids, Dim num_rollouts);
// The plain mean over all response tokens, masked or not (rollout/kl is shown so).
double plain_token_mean(const TokenField& field);

}  // namespace lapidary::rl
