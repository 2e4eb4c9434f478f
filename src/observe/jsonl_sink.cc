#include "observe/jsonl_sink.h"

#include <cmath>

#include "base/json.h"

namespace lapidary::observe {
namespace {

Json number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

}  // namespace

std::string metric_row_json(const MetricRow& row) {
  Json object = {{"step", row.step()}};
  for (const auto& [name, value] : row.values()) object[name] = number(value);
  return dump_json(object);
}

void JsonlSink::write(const MetricRow& row) {
  file_.append(metric_row_json(row) + "\n");
}

}  // namespace lapidary::observe
