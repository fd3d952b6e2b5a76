#include "media/seccomp_filter.h"

#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace rondo::media {
namespace {

// What ffmpeg, its libraries and the dynamic loader call, by name: a name that this architecture
// does not have is skipped.
constexpr const char* kAllowed[] = {
    // memory
    "brk",
    "mmap",
    "mmap2",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "mincore",
    "mlock",
    "munlock",
    "membarrier",
    // files
    "read",
    "pread64",
    "readv",
    "preadv",
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "open",
    "openat",
    "openat2",
    "creat",
    "close",
    "close_range",
    "lseek",
    "_llseek",
    "fsync",
    "fdatasync",
    "ftruncate",
    "ftruncate64",
    "truncate",
    "fallocate",
    "fadvise64",
    "readahead",
    "dup",
    "dup2",
    "dup3",
    "pipe",
    "pipe2",
    "fcntl",
    "fcntl64",
    "flock",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "rmdir",
    "getdents",
    "getdents64",
    "readlink",
    "readlinkat",
    "getcwd",
    "chdir",
    "umask",
    "access",
    "faccessat",
    "faccessat2",
    "stat",
    "stat64",
    "lstat",
    "lstat64",
    "fstat",
    "fstat64",
    "newfstatat",
    "fstatat64",
    "statx",
    "statfs",
    "statfs64",
    "fstatfs",
    "fstatfs64",
    "utimensat",
    "copy_file_range",
    "sendfile",
    "sendfile64",
    // waiting
    "poll",
    "ppoll",
    "select",
    "_newselect",
    "pselect6",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "eventfd",
    "eventfd2",
    "nanosleep",
    "clock_nanosleep",
    "futex",
    "futex_time64",
    "restart_syscall",
    "sched_yield",
    // time
    "clock_gettime",
    "clock_gettime64",
    "clock_getres",
    "gettimeofday",
    "time",
    "times",
    "getrusage",
    "getitimer",
    "setitimer",
    "alarm",
    // signals to itself
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigreturn",
    "rt_sigsuspend",
    "sigaltstack",
    "rt_sigtimedwait",
    "tgkill",
    // the process about itself
    "execve",
    "exit",
    "exit_group",
    "wait4",
    "waitid",
    "waitpid",
    "getpid",
    "getppid",
    "gettid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getgroups",
    "getresuid",
    "getresgid",
    "getpgrp",
    "getpgid",
    "getsid",
    "getrlimit",
    "ugetrlimit",
    "prlimit64",
    "getpriority",
    "uname",
    "sysinfo",
    "getcpu",
    "sched_getaffinity",
    "sched_setaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "getrandom",
    "set_robust_list",
    "get_robust_list",
    "set_tid_address",
    "rseq",
    "arch_prctl",
    "set_thread_area",
    "get_thread_area",
    "capget",
};

struct Release {
  void operator()(void* context) const { seccomp_release(context); }
};

Error failed(std::string_view what, int code) {
  return base::internal("Cannot build the system call filter of the media sandbox: " +
                        std::string(what) + ": " + std::strerror(code));
}

}  // namespace

Result<int> make_seccomp_filter() {
  std::unique_ptr<void, Release> context(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!context) return failed("seccomp_init", ENOMEM);

  for (const char* name : kAllowed) {
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) continue;
    if (int rc = seccomp_rule_add(context.get(), SCMP_ACT_ALLOW, number, 0); rc < 0) {
      // A pseudo call: known to another architecture only.
      if (number < 0) continue;
      return failed(name, -rc);
    }
  }
  struct Rule {
    int number;
    uint32_t action;
    scmp_arg_cmp condition;
  };
  const Rule rules[] = {
      // Threads, no processes: the flag CLONE_THREAD has to be there.
      {SCMP_SYS(clone), SCMP_ACT_ALLOW, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)},
      {SCMP_SYS(prctl), SCMP_ACT_ALLOW, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME)},
      {SCMP_SYS(prctl), SCMP_ACT_ALLOW, SCMP_A0(SCMP_CMP_EQ, PR_GET_NAME)},
      // Is this a terminal? Nothing else of a device.
      {SCMP_SYS(ioctl), SCMP_ACT_ALLOW, SCMP_A1(SCMP_CMP_EQ, TCGETS)},
  };
  for (const Rule& rule : rules) {
    if (int rc =
            seccomp_rule_add_array(context.get(), rule.action, rule.number, 1, &rule.condition);
        rc < 0) {
      return failed("rule", -rc);
    }
  }
  if (int rc = seccomp_rule_add(context.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
      rc < 0) {
    return failed("clone3", -rc);
  }

  int fd = ::memfd_create("rondo-seccomp", MFD_CLOEXEC);
  if (fd < 0) return failed("memfd_create", errno);
  if (int rc = seccomp_export_bpf(context.get(), fd); rc < 0 || ::lseek(fd, 0, SEEK_SET) != 0) {
    ::close(fd);
    return failed("export", rc < 0 ? -rc : errno);
  }
  return fd;
}

}  // namespace rondo::media
