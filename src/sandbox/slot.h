// One slot of the sandbox: a warm interpreter (assets/sandbox/zygote.py) in namespaces of its own,
// which runs one program at a time, each in a fresh process. Used by one thread, the one that
// starts it: it dies with that thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/bubblewrap.h"
#include "sandbox/cgroup.h"
#include "sandbox/child_process.h"
#include "sandbox/limits.h"
#include "sandbox/tool_result.h"

namespace lapidary::sandbox {

struct SlotBlueprint {
  PythonLayout python;
  bool is_unsafe = false;
  BubblewrapOptions bubblewrap;  // not for the unsafe kind
  std::vector<std::string> preload;
  std::optional<uint64_t> random_seed;
  int start_timeout_ms = 120'000;
  const CgroupFolder* cgroup = nullptr;  // where there is one; outlives the slot
  CgroupLimits cgroup_limits;
};

class Slot {
 public:
  // Blocks until the interpreter is warm. Throws Error{kIo, kTimeout} with the words of the
  // launcher.
  static std::unique_ptr<Slot> start(const SlotBlueprint& blueprint);
  // Ends everything in the slot and waits for it.
  ~Slot();
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  // Runs one program and blocks until its end. nullopt: the slot broke before the program began,
  // so that another slot may run it. `cancel` is a descriptor that becomes readable to stop it.
  std::optional<ToolResult> run(const std::string& code, const SandboxLimits& limits, int cancel);

  // False once the interpreter was lost: the slot has to be replaced.
  bool is_usable() const { return is_usable_; }

  const std::vector<std::string>& preloaded() const { return preloaded_; }

 private:
  class Call;
  explicit Slot(const SlotBlueprint& blueprint);
  void launch();
  void await_warm();
  std::string launcher_words();
  void end();

  const SlotBlueprint& blueprint_;
  std::string scratch_;  // folder of this program, unsafe kind only
  FileDescriptor control_, calls_, info_, log_, init_handle_;
  std::optional<CgroupFolder> cgroup_;
  std::optional<ChildProcess> process_;  // bwrap, or the interpreter itself
  pid_t init_ = -1;                      // the interpreter, as seen from here
  std::vector<std::string> preloaded_;
  int64_t next_serial_ = 0;  // of the interpreter's children
  bool is_usable_ = true;
};

}  // namespace lapidary::sandbox
