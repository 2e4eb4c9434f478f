#include "sandbox/child_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include "base/check.h"
#include "base/file.h"

namespace lapidary::sandbox {
namespace {

constexpr int kFirstDescriptor = 3;

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

// All that the child reads, prepared before it exists: it may not allocate. It writes `step` and
// `error` into the shared memory when something fails.
struct Launch {
  const SpawnPlan* plan;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  std::vector<int> moved;  // where the descriptors are out of the way
  int null = -1;
  const char* step = nullptr;
  int error = 0;
};

[[noreturn]] void give_up(Launch& launch, const char* step) {
  launch.error = errno;
  launch.step = step;
  _exit(127);
}

void require(Launch& launch, long result, const char* step) {
  if (result < 0) give_up(launch, step);
}

void write_word(const char* path, const char* word) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return;  // without /proc there is nothing to say
  [[maybe_unused]] const ssize_t written = write(file, word, std::strlen(word));
  close(file);
}

void reset_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void arrange_descriptors(Launch& launch) {
  const SpawnPlan& plan = *launch.plan;
  for (size_t i = 0; i < plan.descriptors.size(); ++i) {
    launch.moved[i] = fcntl(plan.descriptors[i], F_DUPFD_CLOEXEC, 64);
    require(launch, launch.moved[i], "duplicating a descriptor");
  }
  const int out = plan.standard_output < 0 ? launch.null : plan.standard_output;
  const int err = plan.standard_error < 0 ? launch.null : plan.standard_error;
  // 1 and 2 may be the sources of one another.
  const int out_copy = fcntl(out, F_DUPFD_CLOEXEC, 64);
  const int err_copy = fcntl(err, F_DUPFD_CLOEXEC, 64);
  require(launch, out_copy, "duplicating standard output");
  require(launch, err_copy, "duplicating standard error");
  require(launch, dup2(launch.null, 0), "opening standard input");
  require(launch, dup2(out_copy, 1), "opening standard output");
  require(launch, dup2(err_copy, 2), "opening standard error");
  int next = kFirstDescriptor;
  for (const int source : launch.moved) {
    require(launch, dup2(source, next++), "arranging descriptors");
  }
  // What other libraries forgot to mark close-on-exec must not reach a sandbox.
  if (syscall(SYS_close_range, next, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0) return;
  for (int descriptor = next; descriptor < 65536; ++descriptor) {
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  }
}

void stage_and_drop(Launch& launch, const PrivilegeDrop& drop) {
  require(launch, unshare(CLONE_NEWNS), "making a mount namespace");
  require(launch, mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr),
          "making mounts private");
  require(launch,
          mount("lapidary", drop.staging_folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV,
                "mode=0755,size=1m"),
          "mounting the staging folder");
  for (const StagedMount& staged : drop.mounts) {
    if (staged.is_folder) {
      require(launch, mkdir(staged.target.c_str(), 0755), "making a staging folder");
    } else {
      const int file = open(staged.target.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
      require(launch, file, "making a staging file");
      close(file);
    }
    require(launch,
            mount(staged.source.c_str(), staged.target.c_str(), nullptr, MS_BIND | MS_REC, nullptr),
            "binding a folder of the interpreter");
  }
  // Plain system calls: the C library's own would change every thread of the parent.
  require(launch, syscall(SYS_setgroups, 0, nullptr), "dropping groups");
  require(launch, syscall(SYS_setresgid, drop.gid, drop.gid, drop.gid), "dropping the group");
  require(launch, syscall(SYS_setresuid, drop.uid, drop.uid, drop.uid), "dropping root");
}

// Runs on its own stack in the parent's memory; the parent's thread waits until exec or exit.
int child_main(void* data) {
  Launch& launch = *static_cast<Launch*>(data);
  const SpawnPlan& plan = *launch.plan;
  reset_signals();
  require(launch, setsid(), "starting a session");
  if (plan.cgroup_procs >= 0) require(launch, write(plan.cgroup_procs, "0", 1), "joining a cgroup");
  if (plan.is_first_to_die) write_word("/proc/self/oom_score_adj", "1000");
  if (plan.drop) stage_and_drop(launch, *plan.drop);
  if (plan.dies_with_thread) require(launch, prctl(PR_SET_PDEATHSIG, SIGKILL), "PR_SET_PDEATHSIG");
  if (plan.is_subreaper) require(launch, prctl(PR_SET_CHILD_SUBREAPER, 1), "becoming a subreaper");
  if (!plan.folder.empty()) require(launch, chdir(plan.folder.c_str()), "entering its folder");
  arrange_descriptors(launch);
  for (const auto& [resource, limit] : plan.limits) {
    require(launch, syscall(SYS_prlimit64, 0, resource, &limit, nullptr), "setting a limit");
  }
  execve(plan.program.c_str(), launch.arguments.data(), launch.environment.data());
  give_up(launch, "executing it");
}

}  // namespace

ChildProcess ChildProcess::spawn(const SpawnPlan& plan) {
  Launch launch{};
  launch.plan = &plan;
  launch.arguments = pointers(plan.arguments);
  launch.environment = pointers(plan.environment);
  launch.moved.resize(plan.descriptors.size());
  const FileDescriptor null(open("/dev/null", O_RDWR | O_CLOEXEC));
  launch.null = null.get();
  constexpr size_t kStackBytes = 256 << 10;
  const auto stack = std::make_unique<std::byte[]>(kStackBytes);

  sigset_t all, old_mask;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old_mask);
  const pid_t pid =
      clone(child_main, stack.get() + kStackBytes, CLONE_VM | CLONE_VFORK | SIGCHLD, &launch);
  const int clone_error = errno;
  pthread_sigmask(SIG_SETMASK, &old_mask, nullptr);
  if (pid < 0) {
    fail(ErrorKind::kIo, "starting ", plan.program, ": ", std::strerror(clone_error));
  }
  ChildProcess child(pid);
  if (launch.step != nullptr) {
    child.wait(-1);
    fail(ErrorKind::kIo, "starting ", plan.program, ": ", launch.step,
         " failed: ", std::strerror(launch.error));
  }
  return child;
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  kill_group();
  wait(-1);
}

void ChildProcess::kill_group() const {
  if (pid_ > 0) ::kill(-pid_, SIGKILL);
}

std::optional<int> ChildProcess::wait(int timeout_ms) {
  if (pid_ < 0) return 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  constexpr std::chrono::microseconds kLongestPause(10'000);
  for (std::chrono::microseconds pause(100);; pause = std::min(2 * pause, kLongestPause)) {
    int status = 0;
    const pid_t ended = waitpid(pid_, &status, timeout_ms < 0 ? 0 : WNOHANG);
    if (ended == pid_) {
      pid_ = -1;
      return status;
    }
    if (ended < 0 && errno != EINTR) {  // someone else waited for all children
      pid_ = -1;
      return 0;
    }
    if (timeout_ms >= 0 && std::chrono::steady_clock::now() >= deadline) return std::nullopt;
    if (ended == 0) std::this_thread::sleep_for(pause);
  }
}

std::string find_program(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    return access(program.c_str(), X_OK) == 0 ? program : "";
  }
  const char* variable = std::getenv("PATH");
  std::string_view path = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
  while (!path.empty()) {
    const size_t end = std::min(path.find(':'), path.size());
    const std::string candidate = cat(path.substr(0, end), "/", program);
    struct stat info {};
    if (stat(candidate.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
        access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return "";
}

std::string wait_status_text(int status) {
  if (WIFSIGNALED(status)) {
    return cat("signal ", WTERMSIG(status), " (", strsignal(WTERMSIG(status)), ")");
  }
  return cat("exit status ", WEXITSTATUS(status));
}

}  // namespace lapidary::sandbox
