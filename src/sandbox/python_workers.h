// The user's own Python: functions named "module.function" in worker processes of the user's
// interpreter, with the user's environment. Trusted code, not a sandbox: what is bounded is what a
// mistake in it can do to a run. A crash, a hang, an exception, a bad return value are values.
//
// Example: call("my_rewards.score", [{"response": "4", "label": "4"}]) runs
//   async def score(sample): return 1.0 if sample["response"] == sample["label"] else 0.0
// and gives {kOk, value 1.0}.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace lapidary::sandbox {

enum class WorkerStatus {
  kOk,
  kLoadFailed,  // the module or the function could not be loaded
  kRaised,      // the function raised
  kBadReturn,   // what it returned is not JSON (NaN included), or too long
  kTimeout,     // its process was ended
  kCrashed,     // its process ended by itself
  kCancelled,   // not finished when the pool was closed
};

// "ok", "load_failed", ...: for counters.
std::string_view to_string(WorkerStatus status);

struct WorkerResult {
  WorkerStatus status = WorkerStatus::kCancelled;
  Json value;           // kOk
  std::string error;    // one line otherwise
  std::string details;  // the traceback, where there is one
  double wall_ms = 0;
};

struct PythonWorkersOptions {
  std::string python = "python3";
  int workers = 4;                       // processes; each runs one call at a time
  std::vector<std::string> python_path;  // in front of sys.path, after the current folder
  int64_t timeout_ms = 60'000;           // of a call
  int64_t load_timeout_ms = 120'000;     // of starting Python and importing the module
  int64_t result_bytes = int64_t{16} << 20;
};

struct PythonWorkersStatistics {
  std::map<WorkerStatus, int64_t> by_status;
  int64_t processes_started = 0;
};

class PythonWorkers {
 public:
  // Called once for every call, on a thread of the pool; must not throw.
  using Callback = std::function<void(WorkerResult)>;

  // Throws Error{kNotFound} where there is no such Python. Starts no process yet.
  static std::unique_ptr<PythonWorkers> create(PythonWorkersOptions options);
  // Calls that run or wait end as kCancelled; returns when no process is left.
  ~PythonWorkers();

  // Loads the function in a worker. Throws Error{kInvalidArgument} that says why it cannot be used:
  // for flags, before a run begins. `flag` names where the function came from.
  void require(const std::string& function, const std::string& flag);

  // `arguments` is an array: the positional arguments.
  void submit(const std::string& function, Json arguments, Callback done);
  std::future<WorkerResult> submit(const std::string& function, Json arguments);
  WorkerResult call(const std::string& function, Json arguments);  // blocks

  PythonWorkersStatistics statistics() const;

 private:
  class Pool;
  explicit PythonWorkers(std::unique_ptr<Pool> pool);
  std::unique_ptr<Pool> pool_;
};

}  // namespace lapidary::sandbox
