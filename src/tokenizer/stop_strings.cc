#include "tokenizer/stop_strings.h"

#include <algorithm>

#include "base/check.h"

namespace lapidary::tokenizer {

StopStrings::StopStrings(std::vector<std::string> stops) : stops_(std::move(stops)) {
  for (const std::string& stop : stops_) {
    if (stop.empty()) {
      fail(ErrorKind::kInvalidArgument, "a stop string is empty; every text would end at once");
    }
  }
}

size_t StopStrings::match_ending_at(size_t end) const {
  size_t longest = 0;
  for (const std::string& stop : stops_) {
    if (stop.size() > longest && std::string_view(held_).substr(0, end).ends_with(stop)) {
      longest = stop.size();
    }
  }
  return longest;
}

size_t StopStrings::possible_beginning() const {
  size_t longest = 0;
  for (const std::string& stop : stops_) {
    for (size_t length = std::min(stop.size() - 1, held_.size()); length > longest; --length) {
      if (held_.ends_with(std::string_view(stop).substr(0, length))) longest = length;
    }
  }
  return longest;
}

std::string StopStrings::push(std::string_view piece) {
  if (found_) return "";
  const size_t seen = held_.size();
  held_ += piece;
  for (size_t end = seen + 1; end <= held_.size(); ++end) {
    const size_t length = match_ending_at(end);
    if (length == 0) continue;
    found_ = true;
    std::string out = held_.substr(0, end - length);
    held_.clear();
    return out;
  }
  const size_t keep = possible_beginning();
  std::string out = held_.substr(0, held_.size() - keep);
  held_.erase(0, out.size());
  return out;
}

std::string StopStrings::flush() {
  std::string out;
  out.swap(held_);
  return out;
}

}  // namespace lapidary::tokenizer
