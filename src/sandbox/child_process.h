// Starting and ending child processes from a large, many-threaded program: the child shares the
// parent's memory until it executes (as posix_spawn does), so that starting one does not copy page
// tables, and does by system calls alone what has to be done before.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/file_descriptor.h"

namespace lapidary::sandbox {

// One thing to make reachable for a launcher that will not be root any more.
struct StagedMount {
  std::string source;
  std::string target;  // below the staging folder
  bool is_folder = false;
};

// For a parent that is root: in a mount namespace of its own the sources are bound below
// `staging_folder` (an empty tmpfs is mounted there first, so that no source may lie below it),
// then the child becomes `uid`.
struct PrivilegeDrop {
  uid_t uid = 65534;
  gid_t gid = 65534;
  std::string staging_folder;
  std::vector<StagedMount> mounts;
};

struct SpawnPlan {
  std::string program;                   // a path
  std::vector<std::string> arguments;    // with [0]
  std::vector<std::string> environment;  // "NAME=value"; nothing is inherited
  std::string folder;                    // working folder; empty: the parent's
  int standard_output = -1;              // -1: /dev/null. Standard input always is.
  int standard_error = -1;
  std::vector<int> descriptors;  // become 3, 4, ...; every other descriptor is closed
  std::vector<std::pair<int, rlimit>> limits;
  int cgroup_procs = -1;          // open cgroup.procs to join
  bool is_first_to_die = false;   // for the kernel's out-of-memory choice
  bool dies_with_thread = false;  // SIGKILL when the calling thread ends (PR_SET_PDEATHSIG)
  bool is_subreaper = false;      // orphans below it become its children
  std::optional<PrivilegeDrop> drop;
};

class ChildProcess {
 public:
  // Starts a child in a session of its own. Throws Error{kIo} that names the program, the step and
  // the reason.
  static ChildProcess spawn(const SpawnPlan& plan);

  ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();  // SIGKILL to its group where it still runs, and waits for it

  pid_t pid() const { return pid_; }
  // The wait status once it has ended; waits at most `timeout_ms` (-1: without limit).
  std::optional<int> wait(int timeout_ms);
  void kill_group() const;

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_;  // -1 once waited for
};

// The path of `program`: itself where it has a slash, else the first match in PATH; "" if none.
std::string find_program(const std::string& program);

// "exit status 3", "signal 9 (Killed)"
std::string wait_status_text(int status);

}  // namespace lapidary::sandbox
