// The system calls that a program in the sandbox may make: a list of what an interpreter needs.
// Everything else fails with ENOSYS (so that the C library falls back where it can), what is known
// to be dangerous with EPERM. Reaching another process (ptrace, process_vm_*, prlimit or scheduling
// of another pid), namespaces, mounts, keys, BPF, perf, userfaultfd, io_uring, System V and POSIX
// message objects, memfd, sockets other than AF_UNIX, set*id and chroot are not on it.
#pragma once

#include "sandbox/file_descriptor.h"

namespace lapidary::sandbox {

// The filter as a program of `struct sock_filter`, in a memory file at offset 0: what bubblewrap's
// --seccomp takes. Throws Error{kInternal} where libseccomp refuses it.
FileDescriptor compiled_seccomp_policy();

}  // namespace lapidary::sandbox
