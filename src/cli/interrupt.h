// SIGINT (Ctrl-C) and SIGTERM as a question that long work asks between its steps.
#pragma once

#include <csignal>

namespace lapidary::cli {

// While one lives, the first signal is noted instead of ending the process; the second ends it.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  bool was_interrupted() const;

 private:
  struct sigaction old_interrupt_;
  struct sigaction old_terminate_;
};

}  // namespace lapidary::cli
