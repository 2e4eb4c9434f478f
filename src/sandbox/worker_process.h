// One process of PythonWorkers (assets/sandbox/worker.py). Used by the thread that made it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "sandbox/child_process.h"
#include "sandbox/python_workers.h"

namespace lapidary::sandbox {

class WorkerProcess {
 public:
  // Starts Python and returns at once. Throws Error{kIo}.
  WorkerProcess(const std::string& program, const PythonWorkersOptions& options, int cancel);

  // Loads the function if need be and calls it (with arguments null: only loads it).
  WorkerResult call(const std::string& function, const Json& arguments);

  // False once the process has ended or was ended: it has to be replaced.
  bool is_usable() const { return process_.has_value(); }

 private:
  WorkerResult exchange(Json request, int64_t timeout_ms, const char* doing);
  std::optional<WorkerResult> transfer(std::string_view request, std::string& reply,
                                       int64_t timeout_ms, const char* doing);
  WorkerResult broken(WorkerStatus status, std::string error);
  WorkerResult ended(const char* doing);

  const PythonWorkersOptions& options_;
  int cancel_;  // readable when the pool closes
  FileDescriptor socket_;
  std::optional<ChildProcess> process_;
  std::set<std::string> loaded_;
  int64_t number_ = 0;  // of the request, so that a stray line is not taken for its answer
};

}  // namespace lapidary::sandbox
