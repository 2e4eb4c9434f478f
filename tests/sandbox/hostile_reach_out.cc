#include <stdexcept>

#include "base/text.h"
#include "sandbox/hostile_programs.h"

namespace lapidary::sandbox {
namespace {

// Runs `attempt` and prints "refused ERROR" when it fails, "succeeded" when it does not.
std::string attempt(const std::string& body, const std::string& before = "") {
  std::string indented = "    ";
  for (const char character : body) {
    indented += character;
    if (character == '\n') indented += "    ";
  }
  return cat("import os, sys\n", before, "\ntry:\n", indented,
             "\nexcept BaseException as error:\n    print('refused', type(error).__name__)\n"
             "else:\n    print('succeeded')\n");
}

}  // namespace

std::vector<HostileProgram> programs_that_reach_out(const std::string& canary, int port, int pid) {
  using enum ToolStatus;
  const std::string libc = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)";
  const auto system_call = [&](int number, const std::string& arguments) {
    return attempt(
        cat("if libc.syscall(", number, arguments, ") < 0:\n    raise OSError(ctypes.get_errno())"),
        libc);
  };
  return {
      {"read of a host file", attempt(cat("print(open('", canary, "').read())")), {kOk}, "refused"},
      {"read through a link",
       attempt(cat("os.symlink('", canary, "', 'link')\nprint(open('link').read())")),
       {kOk},
       "refused"},
      {"read through dots",
       attempt(cat("print(open('/tmp/../../../../..", canary, "').read())")),
       {kOk},
       "refused"},
      {"password file", attempt("print(open('/etc/passwd').read())"), {kOk}, "refused"},
      {"environment of the host",
       attempt("assert 'LAPIDARY_TEST_SECRET' in os.environ"),
       {kOk},
       "refused AssertionError"},
      {"environment in /proc", attempt("print(open('/proc/1/environ').read())"), {kOk}, "refused"},
      {"memory in /proc", attempt("open('/proc/1/mem', 'r+b')"), {kOk}, "refused"},
      {"root in /proc", attempt("os.listdir('/proc/1/root')"), {kOk}, "refused"},
      {"write to the root", attempt("open('/x', 'w')"), {kOk}, "refused"},
      {"write to /dev", attempt("open('/dev/x', 'w')"), {kOk}, "refused"},
      {"write to the library", attempt("open(os.__file__, 'a')"), {kOk}, "refused"},
      {"removal of the library", attempt("os.unlink(os.__file__)"), {kOk}, "refused"},
      {"hard link to the library", attempt("os.link(os.__file__, 'os.py')"), {kOk}, "refused"},
      {"remount",
       attempt("if libc.mount(None, b'/', None, 32 | 4096, None):\n    raise OSError()", libc),
       {kOk},
       "refused"},
      {"connection to the host",
       attempt(cat("import socket\nsocket.create_connection(('127.0.0.1', ", port, "), 1)")),
       {kOk},
       "refused"},
      {"datagram",
       attempt("import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)"),
       {kOk},
       "refused PermissionError"},
      {"raw packet",
       attempt("import socket\nsocket.socket(socket.AF_PACKET, socket.SOCK_RAW)"),
       {kOk},
       "refused PermissionError"},
      {"netlink",
       attempt("import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW)"),
       {kOk},
       "refused PermissionError"},
      {"name lookup",
       attempt("import socket\nsocket.getaddrinfo('example.com', 80)"),
       {kOk},
       "refused"},
      {"abstract socket of the host",
       attempt("import socket\nsocket.socket(socket.AF_UNIX).connect('\\0/tmp/.X11-unix/X0')"),
       {kOk},
       "refused ConnectionRefusedError"},
      {"SIGKILL to the host process",
       attempt(cat("os.kill(", pid, ", 9)")),
       {kOk},
       "refused ProcessLookupError"},
      {"SIGKILL to the interpreter",
       "import os, time\nfor number in (9, 15, 2, 1, 19, 20):\n    os.kill(1, number)\n"
       "os.kill(os.getppid(), 9)\nprint('alive')\n",
       {kOk},
       "alive"},
      {"SIGKILL to all", attempt("os.kill(-1, 9)"), {kOk}, "refused ProcessLookupError"},
      {"ptrace", system_call(101, ", 16, 1, 0, 0"), {kOk}, "refused"},
      {"reading memory of the interpreter",
       system_call(310, ", 1, 0, 0, 0, 0, 0"),
       {kOk},
       "refused"},
      {"descriptor of the interpreter",
       system_call(438, ", os.pidfd_open(1), 3, 0"),
       {kOk},
       "refused"},
      {"limits of the interpreter",
       attempt("import resource\nresource.prlimit(1, resource.RLIMIT_NOFILE, (0, 0))"),
       {kOk},
       "refused PermissionError"},
      {"limits of its own",
       attempt("import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))"),
       {kOk},
       "refused ValueError"},
      {"processor of the interpreter", attempt("os.sched_setaffinity(1, {0})"), {kOk}, "refused"},
      {"priority of the interpreter",
       attempt("os.setpriority(os.PRIO_PROCESS, 1, 19)"),
       {kOk},
       "refused"},
      {"setuid", attempt("os.setuid(0)"), {kOk}, "refused PermissionError"},
      {"chroot", attempt("os.chroot('/tmp')"), {kOk}, "refused PermissionError"},
      {"unshare", system_call(272, ", 0x10000000"), {kOk}, "refused"},
      {"clone into a namespace", system_call(56, ", 0x10000011, 0, 0, 0, 0"), {kOk}, "refused"},
      {"clone3", system_call(435, ", 0, 0"), {kOk}, "refused"},
      {"setns", system_call(308, ", 0, 0"), {kOk}, "refused"},
      {"keys", system_call(250, ", 0, -3, 1"), {kOk}, "refused"},
      {"bpf", system_call(321, ", 0, 0, 0"), {kOk}, "refused"},
      {"perf events", system_call(298, ", 0, 0, -1, -1, 0"), {kOk}, "refused"},
      {"userfaultfd", system_call(323, ", 0"), {kOk}, "refused"},
      {"io_uring", system_call(425, ", 8, 0"), {kOk}, "refused"},
      {"kexec", system_call(246, ", 0, 0, 0, 0"), {kOk}, "refused"},
      {"reboot", system_call(169, ", 0xfee1dead, 672274793, 0, 0"), {kOk}, "refused"},
      {"32-bit system call table",
       "import ctypes, mmap\nm = mmap.mmap(-1, 4096, prot=7)\n"
       "m.write(b'\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3')\n"
       "ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()\n"
       "print('succeeded')\n",
       {kKilled}},
      {"keystrokes", attempt("import fcntl\nfcntl.ioctl(0, 0x5412, b'x')"), {kOk}, "refused"},
      {"disk device",
       attempt("import stat\nos.mknod('sda', stat.S_IFBLK | 0o600, 0x800)"),
       {kOk},
       "refused"},
      {"clock",
       attempt("import time\ntime.clock_settime(time.CLOCK_REALTIME, 0)"),
       {kOk},
       "refused"},
      {"host name", attempt("import socket\nsocket.sethostname('x')"), {kOk}, "refused"},
      {"shell",
       attempt("os.execv('/bin/sh', ['sh', '-c', 'id'])"),
       {kOk},
       "refused FileNotFoundError"},
      {"standard input", attempt("input()"), {kOk}, "refused EOFError"},
  };
}

}  // namespace lapidary::sandbox
