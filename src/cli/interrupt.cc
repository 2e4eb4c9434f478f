#include "cli/interrupt.h"

#include "base/check.h"

namespace lapidary::cli {
namespace {

// A handler can reach nothing but what is static.
volatile std::sig_atomic_t signal_seen = 0;

void note_signal(int) {
  signal_seen = 1;
}

}  // namespace

InterruptGuard::InterruptGuard() {
  signal_seen = 0;
  struct sigaction noting {};
  noting.sa_handler = note_signal;
  noting.sa_flags = SA_RESETHAND | SA_RESTART;
  LAPIDARY_CHECK(::sigaction(SIGINT, &noting, &old_interrupt_) == 0, "sigaction");
  LAPIDARY_CHECK(::sigaction(SIGTERM, &noting, &old_terminate_) == 0, "sigaction");
}

InterruptGuard::~InterruptGuard() {
  ::sigaction(SIGINT, &old_interrupt_, nullptr);
  ::sigaction(SIGTERM, &old_terminate_, nullptr);
}

bool InterruptGuard::was_interrupted() const {
  return signal_seen != 0;
}

}  // namespace lapidary::cli
