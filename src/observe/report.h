// The report of a run: one HTML file with everything inside, from the run folder alone.
//
// Reads metrics.jsonl and rollouts/*.jsonl. A trajectory's line:
//   {"rollout_id": 3, "group": 12, "index": 0, "status": "completed", "reward": 1.0, "label":
//   "127",
//    "prompt": "..." | [{"role", "content"}], "response_length": 41,
//    "turns": [{"role": "model" | "tool", "text": "..."}],
//    "tools": [{"status": "ok", "seconds": 0.004}],                     one for each tool turn
//    "tokens": {"ids", "pieces", "mask", "rollout_log_probs", "log_probs", "advantages"}}   lists
//    of response_length
// Lines may hold more; a last line torn by a kill is left out.
#pragma once

#include <cstdint>
#include <string>

namespace lapidary::observe {

struct ReportOptions {
  int64_t max_trajectories = 2000;  // the newest rollouts first; the rest is counted
};

// Throws Error{kNotFound} when the folder holds no metrics.jsonl, Error{kCorrupt} with file and
// line for broken lines.
std::string report_html(const std::string& run_folder, const ReportOptions& options);

}  // namespace lapidary::observe
