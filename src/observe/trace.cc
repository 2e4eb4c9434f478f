#include "observe/trace.h"

#include "base/file.h"
#include "base/json.h"

namespace lapidary::observe {

void Trace::add(const std::string& track, const std::string& name, double begin_seconds,
                double end_seconds, const std::string& arguments) {
  const std::lock_guard lock(mutex_);
  const int number = tracks_.try_emplace(track, static_cast<int>(tracks_.size())).first->second;
  Span span{number, name, begin_seconds, end_seconds, arguments};
  if (spans_.size() < max_events_) {
    spans_.push_back(std::move(span));
  } else {
    spans_[next_] = std::move(span);
    next_ = (next_ + 1) % max_events_;
    ++dropped_;
  }
}

void Trace::save(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  std::string out = "{\"traceEvents\":[";
  bool first = true;
  const auto emit = [&](const Json& event) {
    if (!first) out += ",\n";
    first = false;
    out += dump_json(event);
  };
  for (const auto& [name, number] : tracks_) {
    emit({{"ph", "M"},
          {"pid", 1},
          {"tid", number},
          {"name", "thread_name"},
          {"args", {{"name", name}}}});
  }
  for (size_t i = 0; i < spans_.size(); ++i) {
    const Span& span = spans_[(next_ + i) % spans_.size()];
    Json event = {{"ph", "X"},
                  {"pid", 1},
                  {"tid", span.track},
                  {"name", span.name},
                  {"ts", span.begin * 1e6},
                  {"dur", (span.end - span.begin) * 1e6}};
    if (!span.arguments.empty()) event["args"] = parse_json(span.arguments, "trace arguments");
    emit(event);
  }
  out +=
      "],\"displayTimeUnit\":\"ms\",\"otherData\":{\"dropped_spans\":" + std::to_string(dropped_) +
      "}}\n";
  write_file_atomically(path, out);
}

}  // namespace lapidary::observe
