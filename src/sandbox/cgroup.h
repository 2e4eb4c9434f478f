// Control groups (version 2) where this program may make some: a bound on the memory and the
// number of processes of a slot that the kernel itself keeps.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sandbox/file_descriptor.h"

namespace lapidary::sandbox {

struct CgroupLimits {
  int64_t memory_bytes = 0;
  int64_t processes = 0;
};

// A folder of the control group tree that was made by this object and is removed with it.
class CgroupFolder {
 public:
  // The folder for all slots: made in the nearest ancestor of this process's own group that lets us
  // and that hands on the memory and pids controllers. nullopt where there is none (no version 2,
  // not writable, controllers not delegated): then rlimits and the watch from outside do it.
  static std::optional<CgroupFolder> find(const std::string& tree = "/sys/fs/cgroup",
                                          const std::string& own_groups = "/proc/self/cgroup");

  // A folder for one slot. Throws Error{kIo}.
  CgroupFolder make_slot(const CgroupLimits& limits) const;

  CgroupFolder(CgroupFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  CgroupFolder& operator=(CgroupFolder&&) = delete;
  ~CgroupFolder();

  const std::string& path() const { return path_; }
  FileDescriptor open_procs() const;  // what a starting process writes "0" to
  int64_t out_of_memory_kills() const;

 private:
  explicit CgroupFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace lapidary::sandbox
