// Progress of long work on standard error: a bar that redraws itself on a terminal, plain lines
// every few seconds on a pipe. Both show count, rate and the time left, and warn when nothing has
// moved for a while.
//
//   Progress progress("Rollout generation", 512, "trajectories", ProgressOptions::for_stderr());
//   progress.add(3, "4,120 tokens/s");   ...   progress.finish();
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace lapidary::observe {

struct ProgressOptions {
  bool on_terminal = false;
  double interval_seconds = 10.0;  // between plain lines; a bar redraws ten times a second at most
  double stall_seconds = 60.0;
  std::function<double()> seconds;                // a monotonic clock
  std::function<void(const std::string&)> print;  // receives what to write, line ends included
  static ProgressOptions for_stderr();
};

class Progress {
 public:
  Progress(std::string title, int64_t total, std::string unit, ProgressOptions options);

  // `detail` replaces what is shown at the end of the line.
  void add(int64_t done, const std::string& detail = "");

  // To be called when work goes on but nothing was finished: redraws, and after stall_seconds
  // without add() warns once, naming what `slowest` says ("trajectory 17, turn 3, 8,012 tokens").
  void idle(const std::function<std::string()>& slowest);

  // Ends the line. Further calls do nothing.
  void finish();

  int64_t done() const { return done_; }

 private:
  std::string line(double now) const;
  void show(double now);

  std::string title_;
  int64_t total_;
  std::string unit_;
  ProgressOptions options_;
  std::string detail_;
  int64_t done_ = 0;
  double started_;
  double last_shown_;
  double last_moved_;
  bool stall_said_ = false;
  bool finished_ = false;
};

// 3725 -> "1:02:05", 65 -> "1:05"
std::string duration_text(double seconds);

}  // namespace lapidary::observe
