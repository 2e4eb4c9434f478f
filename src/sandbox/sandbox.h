// Running programs that nobody has read: text in, ToolResult out. Calls are asynchronous; the
// caller's thread never waits for a program unless it asks to.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/limits.h"
#include "sandbox/tool_result.h"

namespace lapidary::sandbox {

class Sandbox {
 public:
  // Called once for every submitted program, on a thread of the sandbox. It must not throw and must
  // not block for long: it keeps a slot from its next call.
  using Callback = std::function<void(ToolResult)>;

  virtual ~Sandbox() = default;
  virtual void submit(std::string code, Callback done) = 0;
  virtual const SandboxLimits& limits() const = 0;  // of every call

  std::future<ToolResult> submit(std::string code);
  ToolResult run(std::string code);  // blocks
};

enum class SandboxKind {
  kBubblewrap,        // namespaces, seccomp filter, limits
  kUnsafeSubprocess,  // limits and a clean environment: the program can read and reach what we can
};

// "bubblewrap", "unsafe-subprocess" (the values of --sandbox). Throws Error{kInvalidArgument}.
SandboxKind parse_sandbox_kind(const std::string& text);

struct SandboxOptions {
  SandboxKind kind = SandboxKind::kBubblewrap;
  int concurrency = 8;  // programs that run at one time
  SandboxLimits limits;
  int64_t scratch_bytes = int64_t{128} << 20;  // of the folder that a program may write to
  std::string python = "python3";              // a name in PATH or a path
  std::string bubblewrap = "bwrap";
  // Imported before a program comes, where installed: it finds them at once.
  std::vector<std::string> preload = {"numpy", "numpy.random", "sympy"};
  // What Python's and numpy's global generators start from in every program; nullopt: the system's
  // entropy.
  std::optional<uint64_t> random_seed = 0;
};

struct SandboxStatistics {
  int64_t finished = 0;
  std::map<ToolStatus, int64_t> by_status;
  int64_t slots_started = 0;
  int64_t slots_lost = 0;  // had to be replaced
  int64_t slots = 0;       // warm now
  int64_t running = 0;
  int64_t queued = 0;
  double wall_ms = 0;  // of all finished programs together
};

// A pool of warm interpreters. A program runs in a process that was forked for it from one of them,
// with nothing left of the program before: no process, no file, no descriptor, none of its text.
// Slots are started as calls need them, one more than run at one time, so that a slot can make its
// next process ready while another one serves.
class PythonSandbox final : public Sandbox {
 public:
  // Starts the first slot and waits for it: what is missing shows here. Throws
  // Error{kNotFound, kUnsupported} that names the remedy (install bubblewrap, allow user
  // namespaces, --sandbox unsafe-subprocess) and Error{kInvalidArgument} for limits without sense.
  static std::unique_ptr<PythonSandbox> create(SandboxOptions options);

  // Programs that run or wait end as kCancelled; returns when all callbacks have been called and no
  // process is left.
  ~PythonSandbox() override;

  using Sandbox::submit;
  void submit(std::string code, Callback done) override;
  const SandboxLimits& limits() const override;

  SandboxStatistics statistics() const;
  // "bubblewrap 0.8.0, Python 3.11.2 with numpy, sympy; 8 at one time": for a log line.
  const std::string& description() const;

 private:
  class Pool;
  explicit PythonSandbox(std::unique_ptr<Pool> pool);
  std::unique_ptr<Pool> pool_;
};

}  // namespace lapidary::sandbox
