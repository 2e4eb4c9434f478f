#pragma once

#include "observe/append_file.h"
#include "observe/metric_row.h"

namespace lapidary::observe {

// metrics.jsonl: one object a step, "step" first, numbers with as many digits as a double needs to
// come back equal; a value that is not finite is the string "nan", "inf" or "-inf", since JSON has
// none.
class JsonlSink : public MetricSink {
 public:
  explicit JsonlSink(const std::string& path) : file_(path) {}
  void write(const MetricRow& row) override;

 private:
  AppendFile file_;
};

std::string metric_row_json(const MetricRow& row);

}  // namespace lapidary::observe
