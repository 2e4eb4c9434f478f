// The pool: a thread a slot, one queue. A slot's thread takes the longest waiting program when the
// slot is ready; of several ready slots the one that has been ready longest.
#include "sandbox/sandbox.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "sandbox/sandbox_setup.h"
#include "sandbox/slot.h"

namespace lapidary::sandbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMaxAttempts = 3;       // of a program whose slot broke before it began
constexpr int kMaxStartFailures = 3;  // in a row, before waiting programs are given up

ToolResult unrun(ToolStatus status, std::string reason) {
  ToolResult result;
  result.status = status;
  result.standard_error = std::move(reason);
  return result;
}

std::string words_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& found) {
    return found.what();
  }
}

}  // namespace

std::future<ToolResult> Sandbox::submit(std::string code) {
  auto promise = std::make_shared<std::promise<ToolResult>>();
  std::future<ToolResult> future = promise->get_future();
  submit(std::move(code), [promise](ToolResult result) { promise->set_value(std::move(result)); });
  return future;
}

ToolResult Sandbox::run(std::string code) {
  return submit(std::move(code)).get();
}

class PythonSandbox::Pool {
 public:
  explicit Pool(SandboxOptions options)
      : options_(std::move(options)), setup_(prepare(options_)), cancel_(eventfd(0, EFD_CLOEXEC)) {
    if (!cancel_.is_open()) fail(ErrorKind::kIo, "making an event descriptor: ", last_os_error());
    if (setup_.cgroup) setup_.blueprint.cgroup = &*setup_.cgroup;
  }

  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      is_closing_ = true;
      for (Worker& worker : workers_) worker.wake.notify_one();
    }
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(cancel_.get(), &one, sizeof one);
    for (Worker& worker : workers_) worker.thread.join();
    for (Waiting& waiting : queue_) waiting.done(unrun(ToolStatus::kCancelled, ""));
  }

  void submit(std::string code, Callback done) {
    std::unique_lock lock(mutex_);
    if (is_closing_) {  // a callback that goes on with its next program
      lock.unlock();
      return done(unrun(ToolStatus::kCancelled, ""));
    }
    queue_.push_back({std::move(code), std::move(done), Clock::now(), 0});
    start_workers();
    hand_out();
  }

  SandboxStatistics statistics() const {
    const std::lock_guard lock(mutex_);
    SandboxStatistics out = statistics_;
    out.running = running_;
    out.queued = static_cast<int64_t>(queue_.size());
    return out;
  }

  const SandboxLimits& limits() const { return options_.limits; }
  const std::string& description() const { return description_; }

  // Starts the first slot: as an ordinary user where this process is root and the machine lets
  // ordinary users make namespaces, else as what we are. Throws what its start threw.
  void await_first_slot() {
    bool& drops_root = setup_.blueprint.bubblewrap.drops_root;
    start_error_ = first_start_error();
    if (start_error_ && drops_root) {
      log_warning(
          cat("the Python sandbox stays root on the host's side: ", words_of(start_error_)));
      drops_root = false;
      start_error_ = first_start_error();
    }
    if (start_error_) rethrow_with_remedy(start_error_);
    description_ = describe_setup(options_, setup_, preloaded_);
  }

 private:
  struct Waiting {
    std::string code;
    Callback done;
    Clock::time_point since;
    int attempts = 0;
  };

  struct Worker {
    std::thread thread;
    std::condition_variable wake;
    std::optional<Waiting> program;  // put here by hand_out()
  };

  std::exception_ptr first_start_error() {
    std::unique_lock lock(mutex_);
    start_error_ = nullptr;
    add_worker();
    first_start_.wait(lock, [&] { return statistics_.slots_started > 0 || start_error_; });
    if (!start_error_) return nullptr;
    lock.unlock();
    workers_.back().thread.join();
    workers_.pop_back();
    return start_error_;
  }

  void start_workers() {
    const auto outstanding = static_cast<size_t>(running_) + queue_.size();
    const auto wanted = std::min(outstanding, static_cast<size_t>(options_.concurrency)) + 1;
    for (size_t count = workers_.size(); count < wanted; ++count) add_worker();
  }

  void add_worker() {
    Worker& worker = workers_.emplace_back();
    try {
      worker.thread = std::thread([this, &worker] { serve(worker); });
    } catch (const std::system_error&) {
      workers_.pop_back();
      if (workers_.empty()) fail(ErrorKind::kExhausted, "no thread for the Python sandbox");
    }
  }

  void hand_out() {
    // At the end the queue is the destructor's: a ready thread may be gone already.
    if (is_closing_) return;
    while (running_ < options_.concurrency && !queue_.empty() && !ready_.empty()) {
      Worker& worker = *ready_.front();
      ready_.pop_front();
      worker.program = std::move(queue_.front());
      queue_.pop_front();
      ++running_;
      worker.wake.notify_one();
    }
  }

  // The thread of one slot: keeps a slot warm and runs programs in it until the pool closes.
  void serve(Worker& worker) {
    std::unique_ptr<Slot> slot;
    int failures = 0;
    while (true) {
      if (!slot) {
        if (is_closing()) return;
        slot = try_start(failures);
        if (!slot && !pause_after_failure(worker, failures)) return;
        if (!slot) continue;
      }
      std::optional<Waiting> program = take(worker);
      if (!program) return;
      execute(*slot, std::move(*program));
      if (!slot->is_usable()) {
        slot.reset();
        const std::lock_guard lock(mutex_);
        ++statistics_.slots_lost;
        --statistics_.slots;
      }
    }
  }

  bool is_closing() const {
    const std::lock_guard lock(mutex_);
    return is_closing_;
  }

  std::unique_ptr<Slot> try_start(int& failures) {
    std::string reason;
    try {
      std::unique_ptr<Slot> slot = Slot::start(setup_.blueprint);
      failures = 0;
      const std::lock_guard lock(mutex_);
      if (statistics_.slots_started == 0) preloaded_ = slot->preloaded();
      ++statistics_.slots_started;
      ++statistics_.slots;
      first_start_.notify_all();
      return slot;
    } catch (const std::exception& error) {
      reason = error.what();
      const std::lock_guard lock(mutex_);
      if (statistics_.slots_started == 0) {
        start_error_ = std::current_exception();
        first_start_.notify_all();
        return nullptr;
      }
    }
    ++failures;
    log_warning(cat("a slot of the Python sandbox did not start: ", reason));
    if (failures >= kMaxStartFailures) give_up_queue(reason);
    return nullptr;
  }

  // With other slots alive the queue is theirs.
  void give_up_queue(const std::string& reason) {
    std::deque<Waiting> given_up;
    {
      const std::lock_guard lock(mutex_);
      if (statistics_.slots > 0) return;
      given_up.swap(queue_);
    }
    for (Waiting& waiting : given_up) {
      finish(waiting, unrun(ToolStatus::kUnavailable, reason));
    }
  }

  // False when there is nothing to try again for.
  bool pause_after_failure(Worker& worker, int failures) {
    std::unique_lock lock(mutex_);
    if (start_error_) return false;
    const auto pause = std::chrono::milliseconds(100 << std::min(failures, 6));
    worker.wake.wait_for(lock, pause, [&] { return is_closing_; });
    return !is_closing_;
  }

  // The next program for this worker; nullopt when the pool closes.
  std::optional<Waiting> take(Worker& worker) {
    std::unique_lock lock(mutex_);
    ready_.push_back(&worker);
    hand_out();
    worker.wake.wait(lock, [&] { return worker.program || is_closing_; });
    return std::exchange(worker.program, std::nullopt);
  }

  void execute(Slot& slot, Waiting program) {
    const double queued =
        std::chrono::duration<double, std::milli>(Clock::now() - program.since).count();
    std::optional<ToolResult> result = run_in(slot, program.code);
    if (!result && ++program.attempts < kMaxAttempts) {
      const std::lock_guard lock(mutex_);
      --running_;
      queue_.push_front(std::move(program));
      hand_out();
      return;
    }
    if (!result) {
      result = unrun(ToolStatus::kUnavailable, "its interpreter was lost before it began\n");
    }
    result->queued_ms = queued;
    {
      const std::lock_guard lock(mutex_);
      --running_;
      hand_out();
    }
    finish(program, std::move(*result));
  }

  std::optional<ToolResult> run_in(Slot& slot, const std::string& code) {
    const SandboxLimits& limits = options_.limits;
    if (static_cast<int64_t>(code.size()) > limits.code_bytes) {
      return unrun(ToolStatus::kRefused,
                   cat("the program is longer than ", limits.code_bytes, " bytes\n"));
    }
    try {
      return slot.run(code, limits, cancel_.get());
    } catch (const std::exception& error) {  // no descriptors or memory left here
      return unrun(ToolStatus::kUnavailable, error.what());
    }
  }

  void finish(Waiting& program, ToolResult result) {
    count(result);
    program.done(std::move(result));
  }

  void count(const ToolResult& result) {
    const std::lock_guard lock(mutex_);
    ++statistics_.finished;
    ++statistics_.by_status[result.status];
    statistics_.wall_ms += result.wall_ms;
  }

  SandboxOptions options_;
  SandboxSetup setup_;
  FileDescriptor cancel_;
  std::string description_;
  std::vector<std::string> preloaded_;

  mutable std::mutex mutex_;
  std::condition_variable first_start_;
  std::deque<Waiting> queue_;
  std::deque<Worker*> ready_;  // longest ready first
  std::list<Worker> workers_;  // addresses stay
  std::exception_ptr start_error_;
  SandboxStatistics statistics_;
  int64_t running_ = 0;
  bool is_closing_ = false;
};

PythonSandbox::PythonSandbox(std::unique_ptr<Pool> pool) : pool_(std::move(pool)) {}
PythonSandbox::~PythonSandbox() = default;

std::unique_ptr<PythonSandbox> PythonSandbox::create(SandboxOptions options) {
  auto pool = std::make_unique<Pool>(std::move(options));
  pool->await_first_slot();
  return std::unique_ptr<PythonSandbox>(new PythonSandbox(std::move(pool)));
}

void PythonSandbox::submit(std::string code, Callback done) {
  pool_->submit(std::move(code), std::move(done));
}

const SandboxLimits& PythonSandbox::limits() const {
  return pool_->limits();
}

SandboxStatistics PythonSandbox::statistics() const {
  return pool_->statistics();
}

const std::string& PythonSandbox::description() const {
  return pool_->description();
}

}  // namespace lapidary::sandbox
