#include "app/system_calls.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

namespace disposable {

namespace {

// By what they are for; each was seen in use by the tests, or is another form of one that was, for another libc,
// architecture or file system. Names that an architecture lacks are passed over.
constexpr std::array<std::string_view, 6> kAllowed = {
    // memory
    "brk munmap mremap madvise mlock mlock2 munlock membarrier mincore",
    // threads, waiting and signals
    "futex futex_time64 set_robust_list get_robust_list rseq set_tid_address gettid getpid sched_yield "
    "sched_getaffinity sched_getparam sched_getscheduler getpriority getcpu exit exit_group restart_syscall nanosleep "
    "clock_nanosleep clock_nanosleep_time64 rt_sigaction rt_sigprocmask rt_sigreturn rt_sigtimedwait sigaltstack",
    // time, chance and the process itself
    "clock_gettime clock_gettime64 clock_getres gettimeofday time getrandom getuid geteuid getgid getegid getppid "
    "getrusage getrlimit ugetrlimit times sysinfo uname umask getcwd capget",
    // files; Landlock says which
    "open openat openat2 close close_range read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 "
    "lseek _llseek fsync fdatasync sync_file_range syncfs fallocate fadvise64 readahead truncate ftruncate flock fcntl "
    "fcntl64 dup dup2 dup3 stat fstat lstat newfstatat fstatat64 statx statfs fstatfs access faccessat faccessat2 "
    "getdents getdents64 mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat readlink readlinkat "
    "chmod fchmod fchmodat fchown utimensat",
    // descriptors to wait for
    "poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd2 timerfd_create "
    "timerfd_settime timerfd_gettime signalfd4 pipe2",
    // connections
    "accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt sendto sendmsg recvfrom "
    "recvmsg sendfile",
};

// Nothing of ours and no library falls back from these: who calls them has taken over the process.
constexpr std::string_view kHostile =
    "execve execveat ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp fork vfork mount umount2 pivot_root "
    "chroot unshare setns init_module finit_module delete_module kexec_load bpf perf_event_open userfaultfd keyctl "
    "add_key request_key setuid setgid setresuid setresgid setgroups capset reboot swapon swapoff mknod mknodat "
    "open_by_handle_at";

struct ReleaseFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, ReleaseFilter>;

// Adds rules until one fails, and remembers that.
class Rules {
 public:
  explicit Rules(scmp_filter_ctx filter) : filter_(filter) {}

  void set(scmp_filter_attr attribute, std::uint32_t value) { keep(seccomp_attr_set(filter_, attribute, value)); }
  // `names` are separated by spaces.
  void act(std::uint32_t action, std::string_view names) {
    std::istringstream words{std::string(names)};
    for (std::string name; words >> name;) {
      const int call = seccomp_syscall_resolve_name(name.c_str());
      check(call != __NR_SCMP_ERROR, "the listed system calls exist");
      keep(seccomp_rule_add(filter_, action, call, 0));
    }
  }
  void allow_if(int call, scmp_arg_cmp argument) {
    keep(seccomp_rule_add_array(filter_, SCMP_ACT_ALLOW, call, 1, &argument));
  }
  int error() const { return error_; }

 private:
  void keep(int result) { error_ = error_ == 0 ? result : error_; }

  scmp_filter_ctx filter_;
  int error_ = 0;
};

scmp_arg_cmp equals(unsigned position, std::uint64_t value) { return {position, SCMP_CMP_EQ, value, 0}; }
scmp_arg_cmp masked(unsigned position, std::uint64_t mask, std::uint64_t value) {
  return {position, SCMP_CMP_MASKED_EQ, mask, value};
}

// Calls that depend on an argument.
void add_conditions(Rules& rules) {
  // No memory that can be executed.
  rules.allow_if(SCMP_SYS(mmap), masked(2, PROT_EXEC, 0));
  rules.allow_if(SCMP_SYS(mprotect), masked(2, PROT_EXEC, 0));
  // Threads, no processes. clone3() has its flags in memory where no filter can read them; libc takes clone() instead.
  rules.allow_if(SCMP_SYS(clone), masked(0, CLONE_THREAD, CLONE_THREAD));
  // For sd_notify(3). The listeners are there already, and the service calls nobody.
  rules.allow_if(SCMP_SYS(socket), equals(0, AF_UNIX));
  rules.allow_if(SCMP_SYS(socketpair), equals(0, AF_UNIX));
  // abort() and pthread_kill(), to nobody else.
  rules.allow_if(SCMP_SYS(tgkill), equals(0, static_cast<std::uint64_t>(::getpid())));
  // Reading a limit, of itself.
  rules.allow_if(SCMP_SYS(prlimit64), equals(2, 0));
  for (const std::uint64_t request : std::initializer_list<std::uint64_t>{FIONREAD, FIONBIO, TCGETS}) {
    rules.allow_if(SCMP_SYS(ioctl), equals(1, request));
  }
  for (const std::uint64_t operation :
       std::initializer_list<std::uint64_t>{PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_SET_VMA}) {
    rules.allow_if(SCMP_SYS(prctl), equals(0, operation));
  }
}

// getaddrinfo(3) asks the kernel over netlink which kinds of address there are, and name servers by sendmmsg().
void add_connecting(Rules& rules) {
  for (const int family : std::initializer_list<int>{AF_INET, AF_INET6, AF_NETLINK}) {
    rules.allow_if(SCMP_SYS(socket), equals(0, static_cast<std::uint64_t>(family)));
  }
  rules.act(SCMP_ACT_ALLOW, "bind sendmmsg recvmmsg");
}

}  // namespace

bool system_call_filter_supported() {
  std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

Result<void> apply_system_call_filter(Connects connects) {
  if (!system_call_filter_supported()) {
    return {};
  }
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)));
  Rules rules(filter.get());
  rules.set(SCMP_FLTATR_CTL_TSYNC, 1);
  rules.set(SCMP_FLTATR_CTL_LOG, 1);       // what is refused shows in the kernel's log
  rules.set(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a binary tree, not a list
  rules.set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  for (const std::string_view names : kAllowed) {
    rules.act(SCMP_ACT_ALLOW, names);
  }
  rules.act(SCMP_ACT_KILL_PROCESS, kHostile);
  add_conditions(rules);
  if (connects == Connects::kToServers) {
    add_connecting(rules);
  }
  const int error = rules.error() != 0 ? rules.error() : seccomp_load(filter.get());
  if (error != 0) {
    return fail(Errc::kUnavailable, std::string("seccomp: ") + std::strerror(-error));
  }
  return {};
}

}  // namespace disposable
