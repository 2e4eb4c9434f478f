// The metrics of one step, in the order in which they were set.
//
// Example: MetricRow row(12); row.set("rollout/raw_reward", 0.5); row.set("train/grad_norm", 1.25);
// metrics.jsonl then holds {"step":12,"rollout/raw_reward":0.5,"train/grad_norm":1.25}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lapidary::observe {

class MetricRow {
 public:
  explicit MetricRow(int64_t step) : step_(step) {}

  // Names are slime's ("train/loss"). Setting a name again replaces its value.
  void set(const std::string& name, double value);
  std::optional<double> find(std::string_view name) const;

  int64_t step() const { return step_; }
  const std::vector<std::pair<std::string, double>>& values() const { return values_; }

 private:
  int64_t step_;
  std::vector<std::pair<std::string, double>> values_;
};

// Where rows go. write() has the row on disk, or throws Error{kIo, kExhausted}, when it returns.
class MetricSink {
 public:
  virtual ~MetricSink() = default;
  virtual void write(const MetricRow& row) = 0;
};

}  // namespace lapidary::observe
