#include "sandbox/process_watch.h"

#include <dirent.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

#include "base/text.h"

namespace lapidary::sandbox {
namespace {

constexpr size_t kMaxProcesses = 4096;

// Every thread of a process keeps its own list of children.
void append_children(pid_t pid, std::vector<pid_t>& out) {
  const std::string folder = cat("/proc/", pid, "/task");
  DIR* tasks = opendir(folder.c_str());
  if (tasks == nullptr) return;
  while (const dirent* task = readdir(tasks)) {
    if (task->d_name[0] == '.') continue;
    std::ifstream list(cat(folder, "/", task->d_name, "/children"));
    for (pid_t child = 0; list >> child;) out.push_back(child);
  }
  closedir(tasks);
}

std::vector<pid_t> descendants(pid_t root) {
  std::vector<pid_t> out;
  append_children(root, out);
  for (size_t i = 0; i < out.size() && out.size() < kMaxProcesses; ++i) {
    append_children(out[i], out);
  }
  return out;
}

}  // namespace

int64_t private_bytes(pid_t pid) {
  std::ifstream file(cat("/proc/", pid, "/statm"));
  int64_t size = 0, resident = 0, shared = 0;
  if (!(file >> size >> resident >> shared)) return 0;
  return (resident - shared) * sysconf(_SC_PAGESIZE);
}

pid_t parent_of(pid_t pid) {
  std::ifstream file(cat("/proc/", pid, "/status"));
  for (std::string word; file >> word;) {
    pid_t parent = -1;
    if (word == "PPid:" && file >> parent) return parent;
  }
  return -1;
}

TreeUsage measure_tree(pid_t root) {
  TreeUsage out;
  const int64_t common = private_bytes(root);
  for (const pid_t pid : descendants(root)) {
    ++out.processes;
    out.resident_bytes += std::max<int64_t>(0, private_bytes(pid) - common);
  }
  return out;
}

void kill_tree_below(pid_t root) {
  for (int round = 0; round < 100; ++round) {
    const std::vector<pid_t> found = descendants(root);
    if (found.empty()) return;
    for (const pid_t pid : found) kill(pid, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

int64_t files_in_use(pid_t pid, const std::string& folder) {
  struct statvfs info {};
  if (statvfs(cat("/proc/", pid, "/root", folder).c_str(), &info) != 0) return 0;
  return static_cast<int64_t>(info.f_files - info.f_ffree);
}

}  // namespace lapidary::sandbox
