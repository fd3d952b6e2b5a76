// The system call filter of the sandbox: what FFmpeg needs, and nothing else.
//
// An allow-list; any other call fails with EPERM (clone3 with ENOSYS, so that glibc falls back to
// clone, whose flags a filter can see). No sockets, no new processes (threads only), no namespaces,
// mounts, ptrace, keys, bpf, perf, userfaultfd, io_uring. Calls of another ABI kill the process.
#pragma once

#include "base/result.h"

namespace rondo::media {

// A file descriptor (close-on-exec, at its start) that holds the compiled BPF program, as
// `bwrap --seccomp` reads it. The caller owns it. Errors: internal.
Result<int> make_seccomp_filter();

}  // namespace rondo::media
