// The only file that sees libseccomp.
#include "sandbox/seccomp_policy.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "base/file.h"

namespace lapidary::sandbox {
namespace {

constexpr const char* kAllowed[] = {
    // files
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2",
    "pwritev2", "open", "openat", "creat", "close", "close_range", "stat", "fstat", "lstat",
    "newfstatat", "statx", "lseek", "access", "faccessat", "faccessat2", "dup", "dup2", "dup3",
    "pipe", "pipe2", "fcntl", "flock", "fsync", "fdatasync", "truncate", "ftruncate", "fallocate",
    "fadvise64", "getdents", "getdents64", "getcwd", "chdir", "fchdir", "rename", "renameat",
    "renameat2", "mkdir", "mkdirat", "rmdir", "link", "linkat", "unlink", "unlinkat", "symlink",
    "symlinkat", "readlink", "readlinkat", "chmod", "fchmod", "fchmodat", "umask", "utime",
    "utimes", "futimesat", "utimensat", "statfs", "fstatfs", "sendfile", "copy_file_range",
    "splice", "mknodat", "mknod",
    // waiting
    "poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl",
    "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2", "timerfd_create",
    "timerfd_settime", "timerfd_gettime", "signalfd", "signalfd4",
    // memory
    "mmap", "mprotect", "munmap", "mremap", "madvise", "msync", "mincore", "brk", "mlock",
    "munlock", "membarrier",
    // signals and time
    "rt_sigaction", "rt_sigprocmask", "rt_sigpending", "rt_sigsuspend", "rt_sigtimedwait",
    "rt_sigreturn", "rt_sigqueueinfo", "sigaltstack", "kill", "tkill", "tgkill", "pause", "alarm",
    "setitimer", "getitimer", "timer_create", "timer_settime", "timer_gettime", "timer_delete",
    "timer_getoverrun", "nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres",
    "gettimeofday", "time", "times", "restart_syscall",
    // processes and threads
    "getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getresuid",
    "getresgid", "getgroups", "getpgid", "getpgrp", "setpgid", "getsid", "setsid", "fork", "vfork",
    "execve", "execveat", "exit", "exit_group", "wait4", "waitid", "pidfd_open",
    "pidfd_send_signal", "uname", "sysinfo", "getrusage", "getrlimit", "setrlimit", "getpriority",
    "getcpu", "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler",
    "sched_get_priority_max", "sched_get_priority_min", "futex", "futex_waitv", "set_robust_list",
    "set_tid_address", "rseq", "arch_prctl", "prctl", "getrandom", "capget",
    // sockets between processes of the sandbox
    "socketpair", "sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg", "shutdown",
    "bind", "listen", "accept", "accept4", "connect", "getsockname", "getpeername", "setsockopt",
    "getsockopt"};

// A permission error says more than "not implemented" where a program may well try.
constexpr const char* kRefused[] = {"ptrace",
                                    "process_vm_readv",
                                    "process_vm_writev",
                                    "process_madvise",
                                    "kcmp",
                                    "pidfd_getfd",
                                    "unshare",
                                    "setns",
                                    "mount",
                                    "umount2",
                                    "pivot_root",
                                    "chroot",
                                    "swapon",
                                    "swapoff",
                                    "reboot",
                                    "sethostname",
                                    "setdomainname",
                                    "init_module",
                                    "finit_module",
                                    "delete_module",
                                    "kexec_load",
                                    "kexec_file_load",
                                    "bpf",
                                    "perf_event_open",
                                    "userfaultfd",
                                    "keyctl",
                                    "add_key",
                                    "request_key",
                                    "setuid",
                                    "setgid",
                                    "setreuid",
                                    "setregid",
                                    "setresuid",
                                    "setresgid",
                                    "setgroups",
                                    "setfsuid",
                                    "setfsgid",
                                    "capset",
                                    "shmget",
                                    "shmat",
                                    "shmctl",
                                    "semget",
                                    "semop",
                                    "semctl",
                                    "msgget",
                                    "msgsnd",
                                    "msgrcv",
                                    "msgctl",
                                    "mq_open",
                                    "memfd_create",
                                    "memfd_secret",
                                    "io_uring_setup",
                                    "open_by_handle_at",
                                    "name_to_handle_at",
                                    "chown",
                                    "fchown",
                                    "lchown",
                                    "fchownat",
                                    "setxattr",
                                    "lsetxattr",
                                    "fsetxattr",
                                    "ioprio_set",
                                    "quotactl",
                                    "acct",
                                    "settimeofday",
                                    "clock_settime",
                                    "adjtimex",
                                    "iopl",
                                    "ioperm",
                                    "syslog",
                                    "personality",
                                    "seccomp"};

constexpr unsigned kNamespaceFlags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                     CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP;

class Policy {
 public:
  Policy() : context_(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)), seccomp_release) {
    LAPIDARY_CHECK(context_ != nullptr, "libseccomp gave no filter");
    // A binary search over the numbers instead of a walk: every call of the program passes here.
    seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  }

  void add(uint32_t action, const char* name) { add_rule(action, name, nullptr, 0); }
  void add(uint32_t action, const char* name, scmp_arg_cmp comparison) {
    add_rule(action, name, &comparison, 1);
  }
  scmp_filter_ctx get() const { return context_.get(); }

 private:
  void add_rule(uint32_t action, const char* name, const scmp_arg_cmp* comparisons,
                unsigned count) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return;  // newer than this libseccomp: stays ENOSYS
    const int status = seccomp_rule_add_array(context_.get(), action, number, count, comparisons);
    LAPIDARY_CHECK(status == 0, "seccomp rule for ", name, ": ", std::strerror(-status));
  }

  std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
};

void add_conditional_rules(Policy& policy) {
  const uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
  // clone3 keeps its flags in memory, where a filter cannot look: ENOSYS, and the C library uses
  // clone.
  policy.add(SCMP_ACT_ALLOW, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, kNamespaceFlags, 0U));
  policy.add(SCMP_ACT_ALLOW, "socket", SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
  policy.add(refuse, "socket", SCMP_A0(SCMP_CMP_NE, AF_UNIX));
  // The interpreter that outlives the call has the same uid: no reaching for it by pid.
  policy.add(SCMP_ACT_ALLOW, "prlimit64", SCMP_A0(SCMP_CMP_EQ, 0));
  policy.add(refuse, "prlimit64", SCMP_A0(SCMP_CMP_NE, 0));
  policy.add(SCMP_ACT_ALLOW, "sched_setaffinity", SCMP_A0(SCMP_CMP_EQ, 0));
  policy.add(refuse, "sched_setaffinity", SCMP_A0(SCMP_CMP_NE, 0));
  // Not TIOCSTI, which pushes keystrokes into a terminal.
  for (const unsigned request :
       std::initializer_list<unsigned>{TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX}) {
    policy.add(SCMP_ACT_ALLOW, "ioctl", SCMP_A1(SCMP_CMP_MASKED_EQ, 0xFFFFFFFFU, request));
  }
}

}  // namespace

FileDescriptor compiled_seccomp_policy() {
  Policy policy;
  for (const char* name : kAllowed) policy.add(SCMP_ACT_ALLOW, name);
  for (const char* name : kRefused) policy.add(SCMP_ACT_ERRNO(EPERM), name);
  add_conditional_rules(policy);
  FileDescriptor file(memfd_create("lapidary-seccomp", MFD_CLOEXEC));
  if (!file.is_open()) fail(ErrorKind::kIo, "creating a memory file failed: ", last_os_error());
  const int status = seccomp_export_bpf(policy.get(), file.get());
  LAPIDARY_CHECK(status == 0, "exporting the seccomp filter: ", std::strerror(-status));
  LAPIDARY_CHECK(lseek(file.get(), 0, SEEK_SET) == 0, last_os_error());
  return file;
}

}  // namespace lapidary::sandbox
