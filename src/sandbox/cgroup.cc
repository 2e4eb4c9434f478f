#include "sandbox/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/check.h"
#include "base/file.h"

namespace lapidary::sandbox {
namespace {

namespace fs = std::filesystem;

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

bool write_value(const std::string& path, const std::string& value) {
  const FileDescriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file.is_open() &&
         write(file.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
}

bool has_word(const std::string& text, const std::string& word) {
  std::istringstream words(text);
  for (std::string each; words >> each;) {
    if (each == word) return true;
  }
  return false;
}

// The line "0::/user.slice/..." of /proc/self/cgroup.
std::string own_group(const std::string& own_groups) {
  std::istringstream lines(text_of(own_groups));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::/")) return line.substr(3);
  }
  return "";
}

}  // namespace

std::optional<CgroupFolder> CgroupFolder::find(const std::string& tree,
                                               const std::string& own_groups) {
  static std::atomic<int> serial{0};
  const std::string group = own_group(own_groups);
  if (group.empty() || !fs::exists(tree + "/cgroup.controllers")) return std::nullopt;
  fs::path relative(group.substr(1));
  while (true) {
    const fs::path parent = fs::path(tree) / relative;
    const std::string handed_on = text_of(parent / "cgroup.subtree_control");
    if (has_word(handed_on, "memory") && has_word(handed_on, "pids")) {
      const std::string path = parent / cat("lapidary-sandbox-", getpid(), "-", serial++);
      if (mkdir(path.c_str(), 0755) == 0) {
        CgroupFolder folder(path);
        if (write_value(path + "/cgroup.subtree_control", "+memory +pids")) return folder;
      }
    }
    if (relative.empty()) return std::nullopt;
    relative = relative.parent_path();
  }
}

CgroupFolder CgroupFolder::make_slot(const CgroupLimits& limits) const {
  static std::atomic<int> serial{0};
  const std::string path = cat(path_, "/slot-", serial++);
  if (mkdir(path.c_str(), 0755) != 0) {
    fail(ErrorKind::kIo, "making the control group ", path, ": ", last_os_error());
  }
  CgroupFolder folder(path);
  const bool is_limited = write_value(path + "/memory.max", cat(limits.memory_bytes)) &&
                          write_value(path + "/pids.max", cat(limits.processes));
  if (!is_limited) {
    fail(ErrorKind::kIo, "limiting the control group ", path, ": ", last_os_error());
  }
  write_value(path + "/memory.swap.max", "0");  // absent on kernels without swap accounting
  return folder;
}

CgroupFolder::~CgroupFolder() {
  if (path_.empty()) return;
  for (int attempt = 0; attempt < 100; ++attempt) {  // the last process leaves it a moment late
    if (rmdir(path_.c_str()) == 0 || errno != EBUSY) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

FileDescriptor CgroupFolder::open_procs() const {
  FileDescriptor file(open((path_ + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open()) fail(ErrorKind::kIo, "opening ", path_, "/cgroup.procs: ", last_os_error());
  return file;
}

int64_t CgroupFolder::out_of_memory_kills() const {
  std::ifstream file(path_ + "/memory.events");
  std::string name;
  int64_t count = 0;
  while (file >> name >> count) {
    if (name == "oom_kill") return count;
  }
  return 0;
}

}  // namespace lapidary::sandbox
