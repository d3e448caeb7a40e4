#include "app/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file_descriptor.h"

namespace disposable {

namespace {

// What <linux/landlock.h> of Linux 6.1 (Debian 12) lacks; the values are those of the kernel's documentation.
constexpr std::uint64_t kAccessTruncate = 1ULL << 14U;       // ABI 3
constexpr std::uint64_t kAccessDeviceControl = 1ULL << 15U;  // ABI 5
constexpr std::uint64_t kBindTcp = 1ULL << 0U;               // ABI 4
constexpr std::uint64_t kConnectTcp = 1ULL << 1U;            // ABI 4
constexpr std::uint64_t kScopeAbstractSocket = 1ULL << 0U;   // ABI 6
constexpr std::uint64_t kScopeSignal = 1ULL << 1U;           // ABI 6
constexpr int kRuleNetPort = 2;

struct RulesetAttributes {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;  // ABI 4
  std::uint64_t scoped;              // ABI 6; an older kernel takes the longer struct when the rest is zero
};

struct NetPortAttributes {
  std::uint64_t allowed_access;
  std::uint64_t port;
};

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kSocket = LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE;
constexpr std::uint64_t kWrite = kRead | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER | kAccessTruncate;

// Everything that this version can forbid, but for what the rules leave open altogether.
RulesetAttributes everything(int version, const LandlockRules& rules) {
  RulesetAttributes all{};
  all.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1U) - 1;  // all of ABI 1
  if (version >= 2) {
    all.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
  }
  if (version >= 3) {
    all.handled_access_fs |= kAccessTruncate;
  }
  if (version >= 4) {
    all.handled_access_net = kBindTcp | (rules.connects ? 0 : kConnectTcp);
  }
  if (version >= 5) {
    all.handled_access_fs |= kAccessDeviceControl;
  }
  if (version >= 6) {
    all.scoped = kScopeSignal | (rules.abstract_sockets ? 0 : kScopeAbstractSocket);
  }
  return all;
}

tl::unexpected<Error> refused(const std::string& what) {
  const int error = errno;
  return fail(Errc::kUnavailable, "Landlock: " + what + ": " + std::strerror(error));
}

Result<void> allow_beneath(int ruleset, const std::filesystem::path& path, std::uint64_t access) {
  const FileDescriptor parent(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status {};
  if (!parent || ::fstat(parent.get(), &status) != 0) {
    return refused(path.string());
  }
  landlock_path_beneath_attr rule{};
  rule.allowed_access = S_ISDIR(status.st_mode) ? access : access & LANDLOCK_ACCESS_FS_READ_FILE;
  rule.parent_fd = parent.get();
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return refused(path.string());
  }
  return {};
}

Result<void> allow_port(int ruleset, std::uint16_t port) {
  const NetPortAttributes rule{kBindTcp, port};
  if (::syscall(SYS_landlock_add_rule, ruleset, kRuleNetPort, &rule, 0) != 0) {
    return refused("port " + std::to_string(port));
  }
  return {};
}

Result<void> add_rules(int ruleset, const LandlockRules& rules, const RulesetAttributes& handled) {
  std::vector<std::pair<std::filesystem::path, std::uint64_t>> allowed;
  for (const std::filesystem::path& folder : rules.writable) {
    allowed.emplace_back(folder, kWrite);
  }
  // What is not there is missed by whoever needs it, who knows better what to say.
  const auto allow_if_there = [&allowed](const std::vector<std::filesystem::path>& paths, std::uint64_t access) {
    for (const std::filesystem::path& path : paths) {
      std::error_code ignored;
      if (std::filesystem::exists(path, ignored)) {
        allowed.emplace_back(path, access);
      }
    }
  };
  allow_if_there(rules.sockets, kSocket);
  allow_if_there(rules.readable, kRead);
  for (const auto& [path, access] : allowed) {
    Result<void> added = allow_beneath(ruleset, path, access & handled.handled_access_fs);
    if (!added) {
      return added;
    }
  }
  for (const std::uint16_t port : rules.ports) {
    Result<void> added = handled.handled_access_net == 0 ? Result<void>{} : allow_port(ruleset, port);
    if (!added) {
      return added;
    }
  }
  return {};
}

}  // namespace

int landlock_version() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

Result<void> apply_landlock(const LandlockRules& rules) {
  const int version = landlock_version();
  if (version == 0) {
    return {};
  }
  const RulesetAttributes handled = everything(version, rules);
  const FileDescriptor ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0)));
  if (!ruleset) {
    return refused("no ruleset");
  }
  Result<void> added = add_rules(ruleset.get(), rules, handled);
  if (!added) {
    return added;
  }
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return refused("not applied");
  }
  return {};
}

}  // namespace disposable
