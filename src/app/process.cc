#include "app/process.h"

#include <linux/capability.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "http/tls_library.h"

namespace disposable {

namespace {

constexpr mode_t kOwnerOnly = S_IRWXG | S_IRWXO;  // as a mask: what nobody else gets

bool no_cores() {
  const rlimit none{0, 0};
  rlimit now{};
  return ::setrlimit(RLIMIT_CORE, &none) == 0 && ::getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_max == 0;
}

// A connection is a descriptor, and the usual soft limit of 1024 is there for select() only.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// capget(2); glibc has no function for it.
bool has_needless_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) {
    return false;
  }
  constexpr std::uint32_t kLowPorts = 1U << CAP_NET_BIND_SERVICE;
  return ((sets[0].permitted & ~kLowPorts) | sets[1].permitted) != 0;
}

void warn_of_mode(const std::filesystem::path& path, mode_t unwanted, std::string_view message,
                  std::vector<HygieneWarning>& warnings) {
  struct stat status {};
  if (!path.empty() && ::stat(path.c_str(), &status) == 0 && (status.st_mode & unwanted) != 0) {
    warnings.push_back({message, path.string()});
  }
}

}  // namespace

Result<void> harden_process() {
  ::umask(kOwnerOnly);
  if (::umask(kOwnerOnly) != kOwnerOnly) {
    return fail(Errc::kUnavailable, "the file creation mask cannot be set");
  }
  if (!no_cores() || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return fail(Errc::kUnavailable, "core dumps cannot be switched off");
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) {
    return fail(Errc::kUnavailable, "new privileges cannot be given up");
  }
  raise_descriptor_limit();
  return_freed_memory();
  wipe_openssl_memory();
  return {};
}

void return_freed_memory() {
#if defined(M_ARENA_MAX)
  constexpr int kArenas = 16;
  ::mallopt(M_ARENA_MAX, kArenas);
  // Else glibc maps only what is larger than the largest block that was freed, and keeps the others: 900 MiB after a
  // few secrets of 25 MiB.
  constexpr int kMappedFrom = 512 * 1024;
  constexpr int kKept = 2 * 1024 * 1024;
  ::mallopt(M_MMAP_THRESHOLD, kMappedFrom);
  ::mallopt(M_TRIM_THRESHOLD, kKept);
#endif
}

std::uint64_t connections_within(std::uint64_t descriptors) {
  constexpr std::uint64_t kOthers = 512;  // RocksDB's 256 tables, and as many for its logs, SQLite, listeners and loops
  return std::max(descriptors - std::min(descriptors, kOthers), descriptors / 2);
}

std::uint64_t descriptor_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

std::vector<HygieneWarning> hygiene_warnings(const ServeOptions& options) {
  std::vector<HygieneWarning> warnings;
  if (::geteuid() == 0) {
    warnings.push_back({"running as root, though a user of its own would do", {}});
  } else if (has_needless_capabilities()) {
    warnings.push_back({"running with capabilities that are not needed", {}});
  }
  warn_of_mode(options.paths.data_dir, S_IWGRP | S_IRWXO, "the data folder is open to other users", warnings);
  warn_of_mode(options.config, S_IWGRP | S_IWOTH, "the configuration file can be changed by other users", warnings);
  // Group read is how distributions share certificates' keys between services.
  warn_of_mode(options.tls_key, S_IWGRP | S_IRWXO, "the TLS key is open to other users", warnings);
  return warnings;
}

}  // namespace disposable
