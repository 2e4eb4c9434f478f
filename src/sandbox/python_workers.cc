// The pool: a thread a worker process, one queue. Processes are started when there is work for
// them.
#include "sandbox/python_workers.h"

#include <sys/eventfd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/file.h"
#include "sandbox/worker_process.h"

namespace lapidary::sandbox {

std::string_view to_string(WorkerStatus status) {
  switch (status) {
    case WorkerStatus::kOk:
      return "ok";
    case WorkerStatus::kLoadFailed:
      return "load_failed";
    case WorkerStatus::kRaised:
      return "raised";
    case WorkerStatus::kBadReturn:
      return "bad_return";
    case WorkerStatus::kTimeout:
      return "timeout";
    case WorkerStatus::kCrashed:
      return "crashed";
    case WorkerStatus::kCancelled:
      return "cancelled";
  }
  fail(ErrorKind::kInternal, "no such worker status: ", static_cast<int>(status));
}

class PythonWorkers::Pool {
 public:
  Pool(PythonWorkersOptions options, std::string program)
      : options_(std::move(options)),
        program_(std::move(program)),
        cancel_(eventfd(0, EFD_CLOEXEC)) {
    if (!cancel_.is_open()) fail(ErrorKind::kIo, "making an event descriptor: ", last_os_error());
  }

  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      is_closing_ = true;
    }
    wake_.notify_all();
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(cancel_.get(), &one, sizeof one);
    for (std::thread& thread : threads_) thread.join();
    for (Call& call : queue_) call.done(WorkerResult{});
  }

  void submit(const std::string& function, Json arguments, Callback done) {
    const std::lock_guard lock(mutex_);
    queue_.push_back({function, std::move(arguments), std::move(done)});
    if (idle_ < queue_.size() && threads_.size() < static_cast<size_t>(options_.workers)) {
      threads_.emplace_back([this] { serve(); });
    }
    wake_.notify_one();
  }

  PythonWorkersStatistics statistics() const {
    const std::lock_guard lock(mutex_);
    return statistics_;
  }

 private:
  struct Call {
    std::string function;
    Json arguments;
    Callback done;
  };

  void serve() {
    std::optional<WorkerProcess> process;
    while (std::optional<Call> call = take()) {
      WorkerResult result = run(process, *call);
      if (process && !process->is_usable()) process.reset();
      {
        const std::lock_guard lock(mutex_);
        ++statistics_.by_status[result.status];
      }
      call->done(std::move(result));
    }
  }

  WorkerResult run(std::optional<WorkerProcess>& process, const Call& call) {
    try {
      if (!process) {
        process.emplace(program_, options_, cancel_.get());
        const std::lock_guard lock(mutex_);
        ++statistics_.processes_started;
      }
      return process->call(call.function, call.arguments);
    } catch (const std::exception& error) {
      process.reset();
      WorkerResult result;
      result.status = WorkerStatus::kCrashed;
      result.error = error.what();
      return result;
    }
  }

  std::optional<Call> take() {
    std::unique_lock lock(mutex_);
    ++idle_;
    wake_.wait(lock, [&] { return !queue_.empty() || is_closing_; });
    --idle_;
    if (is_closing_) return std::nullopt;
    Call call = std::move(queue_.front());
    queue_.pop_front();
    return call;
  }

  PythonWorkersOptions options_;
  std::string program_;
  FileDescriptor cancel_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Call> queue_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;
  bool is_closing_ = false;
  PythonWorkersStatistics statistics_;
};

PythonWorkers::PythonWorkers(std::unique_ptr<Pool> pool) : pool_(std::move(pool)) {}
PythonWorkers::~PythonWorkers() = default;

std::unique_ptr<PythonWorkers> PythonWorkers::create(PythonWorkersOptions options) {
  const std::string program = find_program(options.python);
  if (program.empty()) {
    fail(ErrorKind::kNotFound, "workers for Python functions: '", options.python,
         "' is not an executable file; install python3, or name another one");
  }
  if (options.workers < 1 || options.timeout_ms < 1 || options.load_timeout_ms < 1) {
    fail(ErrorKind::kInvalidArgument, "workers for Python functions: found ", options.workers,
         " workers, timeouts of ", options.timeout_ms, " and ", options.load_timeout_ms,
         " ms; each must be at least 1");
  }
  return std::unique_ptr<PythonWorkers>(
      new PythonWorkers(std::make_unique<Pool>(std::move(options), program)));
}

void PythonWorkers::require(const std::string& function, const std::string& flag) {
  const size_t dot = function.rfind('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == function.size()) {
    fail(ErrorKind::kInvalidArgument, flag, ": found ", quoted(function),
         "; a Python function is named module.function");
  }
  const WorkerResult result = call(function, nullptr);
  if (result.status == WorkerStatus::kOk) return;
  fail(ErrorKind::kInvalidArgument, flag, ": ", quoted(function), " cannot be used: ", result.error,
       "; the module must be importable from the current folder or PYTHONPATH");
}

void PythonWorkers::submit(const std::string& function, Json arguments, Callback done) {
  pool_->submit(function, std::move(arguments), std::move(done));
}

std::future<WorkerResult> PythonWorkers::submit(const std::string& function, Json arguments) {
  auto promise = std::make_shared<std::promise<WorkerResult>>();
  std::future<WorkerResult> future = promise->get_future();
  submit(function, std::move(arguments),
         [promise](WorkerResult result) { promise->set_value(std::move(result)); });
  return future;
}

WorkerResult PythonWorkers::call(const std::string& function, Json arguments) {
  return submit(function, std::move(arguments)).get();
}

PythonWorkersStatistics PythonWorkers::statistics() const {
  return pool_->statistics();
}

}  // namespace lapidary::sandbox
