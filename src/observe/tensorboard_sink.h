// TensorBoard event files: TFRecord framing (length, masked CRC-32C) around hand-encoded Event
// protobufs with scalar summaries.
#pragma once

#include <functional>
#include <string>

#include "observe/append_file.h"
#include "observe/metric_row.h"

namespace lapidary::observe {

class TensorboardSink : public MetricSink {
 public:
  // Creates FOLDER/events.out.tfevents.SECONDS.lapidary (the folder must exist). `wall_seconds` is
  // the clock (seconds since 1970).
  TensorboardSink(const std::string& folder, std::function<double()> wall_seconds);
  void write(const MetricRow& row) override;

 private:
  std::function<double()> wall_seconds_;
  AppendFile file_;
};

}  // namespace lapidary::observe
