// Spans in Chrome's trace format, which Perfetto opens: one track a thread of work ("engine",
// "trainer", "tools").
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace lapidary::observe {

// Thread-safe. Keeps the last `max_events` spans, so that a run of weeks does not grow without
// bound; what was let go is counted in the file's metadata.
class Trace {
 public:
  explicit Trace(size_t max_events = 200'000) : max_events_(max_events) {}

  // Seconds of one monotonic clock; `arguments` is a JSON object's text or "".
  void add(const std::string& track, const std::string& name, double begin_seconds,
           double end_seconds, const std::string& arguments = "");

  // Writes the whole trace atomically.
  void save(const std::string& path) const;

 private:
  struct Span {
    int track;
    std::string name;
    double begin;
    double end;
    std::string arguments;
  };
  mutable std::mutex mutex_;
  std::map<std::string, int> tracks_;
  std::vector<Span> spans_;  // a ring once it is full
  size_t next_ = 0;
  int64_t dropped_ = 0;
  size_t max_events_;
};

}  // namespace lapidary::observe
