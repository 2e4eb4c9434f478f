#include "loop/step_summary.h"

#include <array>
#include <cstdio>

#include "base/check.h"

namespace lapidary::loop {
namespace {

std::string formatted(const char* format, double value) {
  std::array<char, 64> text{};
  // Formats are the literals below.
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

void append(std::string& line, const observe::MetricRow& row, const char* name, const char* format,
            double scale = 1.0) {
  if (const auto value = row.find(name)) line += "  " + formatted(format, *value * scale);
}

void append_share(std::string& line, const char* name, double seconds, double whole) {
  if (seconds <= 0.0 || whole <= 0.0) return;
  line += cat("  ", name, " ", formatted("%.0f%%", 100.0 * seconds / whole));
}

}  // namespace

std::string step_summary(const observe::MetricRow& row, const StepTimes& times, int64_t step,
                         int64_t num_steps) {
  std::string line = cat("step ", step, "/", num_steps);
  append(line, row, "rollout/raw_reward", "reward %.3f");
  append(line, row, "rollout/response_len/mean", "length %.1f");
  append(line, row, "rollout/response_len/max", "(max %.0f)");
  append(line, row, "rollout/truncated_ratio", "truncated %.0f%%", 100.0);
  append(line, row, "train/entropy_loss", "entropy %.3f");
  append(line, row, "train/pg_clipfrac", "clipped %.2f%%", 100.0);
  append(line, row, "train/train_rollout_logprob_abs_diff", "mismatch %.1e");
  append(line, row, "train/grad_norm", "grad %.3f");
  append(line, row, "perf/tokens_per_gpu_per_sec", "%.0f tokens/s");
  line += cat("  ", formatted("%.2f s:", times.whole));
  append_share(line, "rollout", times.rollout, times.whole);
  append_share(line, "old", times.old_log_probs, times.whole);
  append_share(line, "ref", times.ref_log_probs, times.whole);
  append_share(line, "train", times.train, times.whole);
  const double named = times.rollout + times.old_log_probs + times.ref_log_probs + times.train;
  append_share(line, "other", times.whole - named, times.whole);
  return line;
}

}  // namespace lapidary::loop
