// Threads of one process as ranks: for tests and for runs on one machine without a launcher.
#pragma once

#include <functional>
#include <memory>

#include "comm/communicator.h"

namespace lapidary::comm {

struct LocalOptions {
  double deadline_seconds = 600.0;
  std::string name = "world";
};

// Runs body(communicator) on `size` threads, rank by rank, and waits for all. The first rank that
// throws aborts the group; its error is thrown here, with "rank N: " in front.
void run_local_ranks(int size, const LocalOptions& options,
                     const std::function<void(Communicator&)>& body);

}  // namespace lapidary::comm
