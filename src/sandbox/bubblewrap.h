// How the interpreter of a slot is started: inside bubblewrap, or (the unsafe kind) as a plain
// child.
#pragma once

#include <string>
#include <vector>

#include "sandbox/child_process.h"
#include "sandbox/python_layout.h"

namespace lapidary::sandbox {

// Descriptors of the started process, from 3 on, in this order.
struct SlotDescriptors {
  int control = -1;  // 3
  int calls = -1;    // 4
  int script = -1;   // 5
  int seccomp = -1;  // 6, bubblewrap only
  int info = -1;     // 7, bubblewrap only: it writes {"child-pid": N}
};

// What is visible inside: real paths of the host at their places in the sandbox.
struct SandboxRoot {
  struct Binding {
    std::string source;  // without symbolic links
    std::string target;
  };
  std::string executable;
  std::vector<std::string> python_path;
  std::vector<Binding> bindings;
  std::vector<std::pair<std::string, std::string>> links;  // target, place
};

// The interpreter and the system's library folders at their own paths; package folders below /tmp,
// which the sandbox's scratch folder covers, at /packages/N. Throws Error{kUnsupported} where the
// interpreter itself lies there.
SandboxRoot lay_out_root(const PythonLayout& python);

struct BubblewrapOptions {
  std::string program;  // path of bwrap
  SandboxRoot root;
  int64_t scratch_bytes = 0;  // size of the tmpfs on /tmp
  bool drops_root = false;    // this process is root: the launcher becomes an ordinary user first
};

// The root of the sandbox is read-only and holds `options.root`, null, zero, full, random and
// urandom below /dev, and a tmpfs on /tmp (which /dev/shm leads to). No /proc, /sys, /etc, /home.
// User, mount, pid, net, ipc, uts and (where there is one) cgroup namespaces, no capability, a new
// session, and it dies with the thread that starts it.
SpawnPlan bubblewrap_plan(const BubblewrapOptions& options, const SlotDescriptors& descriptors);

// rlimits, a session, a clean environment and nothing else.
SpawnPlan unsafe_plan(const std::string& executable, const std::string& scratch,
                      const SlotDescriptors& descriptors);

// What to do about a bubblewrap that does not start, from its words and this machine's settings.
std::string namespace_remedy(const std::string& bubblewrap_words);

}  // namespace lapidary::sandbox
