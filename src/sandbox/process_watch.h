// Looking at the processes of a call from outside: what no limit of the kernel covers by itself.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace lapidary::sandbox {

struct TreeUsage {
  int64_t processes = 0;       // below the root, the root not counted
  int64_t resident_bytes = 0;  // private memory of all of them, less what each shares with the root
};

// Resident memory of one process that no file backs; 0 when it is gone.
int64_t private_bytes(pid_t pid);

pid_t parent_of(pid_t pid);  // -1 when it is gone

// Walks /proc from `root` down. Counts at most 4,096 processes; a kernel without
// /proc/PID/task/TID/children shows none.
TreeUsage measure_tree(pid_t root);

// SIGKILL to everything below `root`, again until nothing is left or it was done 100 times.
void kill_tree_below(pid_t root);

// Files and folders on the file system that `folder` of the process `pid` is on; 0 if unknown.
int64_t files_in_use(pid_t pid, const std::string& folder);

}  // namespace lapidary::sandbox
