#include "observe/metric_row.h"

#include <algorithm>

namespace lapidary::observe {

void MetricRow::set(const std::string& name, double value) {
  const auto found = std::find_if(values_.begin(), values_.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  if (found != values_.end()) {
    found->second = value;
  } else {
    values_.emplace_back(name, value);
  }
}

std::optional<double> MetricRow::find(std::string_view name) const {
  for (const auto& [known, value] : values_) {
    if (known == name) return value;
  }
  return std::nullopt;
}

}  // namespace lapidary::observe
