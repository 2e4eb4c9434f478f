#include "sandbox/bubblewrap.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/check.h"
#include "base/file.h"

namespace lapidary::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLoader = "import os;exec(compile(os.fdopen(5).read(),'zygote','exec'))";
constexpr const char* kScratch = "/tmp";

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool lies_below(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder + "/");
}

// The environment of every program: nothing of the caller's. A fixed hash seed makes the order of
// sets, and with it outputs, repeatable; one thread for linear algebra, because a fork copies only
// the thread that forks.
std::vector<std::string> clean_environment(const std::string& scratch) {
  return {"HOME=" + scratch,        "TMPDIR=" + scratch,
          "PATH=/usr/bin:/bin",     "LANG=C.UTF-8",
          "PYTHONUTF8=1",           "PYTHONHASHSEED=0",
          "OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1",
          "MKL_NUM_THREADS=1",      "PYTHONDONTWRITEBYTECODE=1",
          "MPLBACKEND=Agg"};
}

std::vector<std::pair<int, rlimit>> launcher_limits() {
  return {{RLIMIT_CORE, {0, 0}}, {RLIMIT_NOFILE, {1024, 1024}}, {RLIMIT_MSGQUEUE, {0, 0}}};
}

// Shared libraries of the system. The whole of /usr/lib only where it has no folder for the
// architecture.
std::vector<std::string> system_libraries(const std::string& multiarch) {
  std::vector<std::string> out;
  for (const char* top : {"/usr/lib/", "/lib/"}) {
    if (!multiarch.empty() && exists(top + multiarch)) out.push_back(top + multiarch);
  }
  for (const char* folder : {"/usr/lib64", "/lib64"}) {
    if (exists(folder)) out.push_back(folder);
  }
  if (multiarch.empty() || out.empty()) {
    for (const char* folder : {"/usr/lib", "/lib"}) out.push_back(folder);
  }
  for (const char* file : {"/etc/ld.so.cache", "/etc/alternatives", "/usr/share/zoneinfo"}) {
    if (exists(file)) out.push_back(file);  // alternatives: where Debian's BLAS links lead
  }
  return out;
}

void add(std::vector<std::string>& arguments, std::initializer_list<std::string> more) {
  arguments.insert(arguments.end(), more);
}

// A folder that every system has and that hides none of the sources when something is mounted on
// it.
std::string staging_folder(const SandboxRoot& root) {
  for (const char* folder : {"/mnt", "/media", "/srv", "/tmp"}) {
    const auto is_hidden = [&](const auto& binding) { return lies_below(binding.source, folder); };
    if (fs::is_directory(folder) &&
        std::none_of(root.bindings.begin(), root.bindings.end(), is_hidden)) {
      return folder;
    }
  }
  fail(ErrorKind::kUnsupported,
       "the Python sandbox: no folder of /mnt, /media, /srv and /tmp is "
       "there and free of Python's own files");
}

// The same bindings with their sources staged.
std::vector<SandboxRoot::Binding> stage(const SandboxRoot& root, PrivilegeDrop& drop) {
  drop.staging_folder = staging_folder(root);
  std::vector<SandboxRoot::Binding> out;
  for (const SandboxRoot::Binding& binding : root.bindings) {
    const std::string staged = cat(drop.staging_folder, "/", drop.mounts.size());
    drop.mounts.push_back({binding.source, staged, fs::is_directory(binding.source)});
    out.push_back({staged, binding.target});
  }
  return out;
}

std::string first_word_of(const char* path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word;
}

// Adds `path` at `target` unless something that covers it is there.
void bind(SandboxRoot& root, const std::string& path, const std::string& target) {
  const auto covers = [&](const auto& link) { return lies_below(target, link.second); };
  if (std::any_of(root.links.begin(), root.links.end(), covers)) return;
  const auto holds = [&](const auto& other) { return lies_below(target, other.target); };
  if (std::any_of(root.bindings.begin(), root.bindings.end(), holds)) return;
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (!error) root.bindings.push_back({real.string(), target});
}

}  // namespace

SandboxRoot lay_out_root(const PythonLayout& python) {
  SandboxRoot root;
  root.executable = python.executable;
  for (const char* place : {"/lib", "/lib64"}) {  // links into /usr on merged systems
    std::error_code error;
    const fs::path target = fs::read_symlink(place, error);
    if (!error) root.links.emplace_back(target.string(), place);
  }
  std::vector<std::string> wanted = system_libraries(python.multiarch);
  wanted.push_back(python.executable);
  wanted.insert(wanted.end(), python.libraries.begin(), python.libraries.end());
  for (const std::string& path : wanted) {
    if (!lies_below(path, kScratch)) continue;
    fail(ErrorKind::kUnsupported, "the Python sandbox: ", path, " lies below ", kScratch,
         ", which is the scratch folder inside; use a Python that is installed elsewhere");
  }
  for (const std::string& folder : python.python_path) {
    const bool is_hidden = lies_below(folder, kScratch);
    root.python_path.push_back(is_hidden ? cat("/packages/", root.python_path.size()) : folder);
    if (is_hidden) {
      bind(root, folder, root.python_path.back());
    } else {
      wanted.push_back(folder);
    }
  }
  std::sort(wanted.begin(), wanted.end());  // a folder before what lies in it
  for (const std::string& path : wanted) bind(root, path, path);
  return root;
}

SpawnPlan bubblewrap_plan(const BubblewrapOptions& options, const SlotDescriptors& descriptors) {
  SpawnPlan plan;
  plan.program = options.program;
  std::vector<SandboxRoot::Binding> bindings = options.root.bindings;
  if (options.drops_root) bindings = stage(options.root, plan.drop.emplace());
  std::vector<std::string>& arguments = plan.arguments;
  add(arguments,
      {"bwrap", "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc",
       "--unshare-uts", "--unshare-cgroup-try", "--uid", "1000", "--gid", "1000", "--hostname",
       "sandbox", "--cap-drop", "ALL", "--new-session", "--die-with-parent", "--as-pid-1"});
  for (const auto& [target, place] : options.root.links) {
    add(arguments, {"--symlink", target, place});
  }
  for (const auto& binding : bindings) {
    add(arguments, {"--ro-bind", binding.source, binding.target});
  }
  for (const char* device :
       {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}) {
    add(arguments, {"--dev-bind", device, device});
  }
  add(arguments, {"--symlink", kScratch, "/dev/shm"});  // POSIX semaphores and shared memory
  add(arguments, {"--size", cat(options.scratch_bytes), "--tmpfs", kScratch, "--remount-ro", "/",
                  "--chdir", kScratch, "--seccomp", "6", "--info-fd", "7", "--",
                  options.root.executable, "-s", "-c", kLoader});
  plan.environment = clean_environment(kScratch);
  plan.folder = "/";
  plan.descriptors = {descriptors.control, descriptors.calls, descriptors.script,
                      descriptors.seccomp, descriptors.info};
  plan.limits = launcher_limits();
  plan.is_first_to_die = true;
  return plan;
}

SpawnPlan unsafe_plan(const std::string& executable, const std::string& scratch,
                      const SlotDescriptors& descriptors) {
  SpawnPlan plan;
  plan.program = executable;
  plan.arguments = {executable, "-s", "-c", kLoader};
  plan.environment = clean_environment(scratch);
  plan.folder = scratch;
  plan.descriptors = {descriptors.control, descriptors.calls, descriptors.script};
  plan.limits = launcher_limits();
  plan.is_first_to_die = true;
  plan.dies_with_thread = true;
  plan.is_subreaper = true;
  return plan;
}

std::string namespace_remedy(const std::string& bubblewrap_words) {
  if (first_word_of("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" &&
      bubblewrap_words.find("ermission denied") != std::string::npos) {
    return "AppArmor forbids user namespaces to ordinary programs here: give bwrap a profile with "
           "'userns,' or run 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0'";
  }
  if (first_word_of("/proc/sys/kernel/unprivileged_userns_clone") == "0") {
    return "run 'sudo sysctl kernel.unprivileged_userns_clone=1'";
  }
  if (first_word_of("/proc/sys/user/max_user_namespaces") == "0") {
    return "run 'sudo sysctl user.max_user_namespaces=10000'";
  }
  return "user namespaces must be allowed: inside a container start it with '--security-opt "
         "seccomp=unconfined --security-opt apparmor=unconfined' (Docker, Podman) or with the "
         "capability SYS_ADMIN";
}

}  // namespace lapidary::sandbox
