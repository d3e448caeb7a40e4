#include <sys/statvfs.h>
#include <sys/timex.h>

#include <fstream>

#include "app/backends.h"
#include "app/doctor_checks.h"
#include "app/process.h"
#include "app/sandbox.h"

namespace disposable {

namespace {

std::string mebibytes(std::uint64_t bytes) {
  constexpr unsigned kShift = 20;
  return std::to_string(bytes >> kShift) + " MiB";
}

// The newest time that the installation has written down; nothing when there is none.
std::string newest_time(const ServeOptions& options) {
  const Result<std::unique_ptr<AuditSource>> log = open_audit_source(options.paths, options.backends);
  if (!log) {
    return {};
  }
  AuditFilter newest;
  newest.limit = 1;
  const Result<std::vector<AuditRow>> rows = (*log)->list(newest);
  return rows && !rows->empty() ? rows->back().created_at : std::string{};
}

bool has_swap() {
  std::ifstream swaps("/proc/swaps");
  std::string header;
  std::string first;
  return std::getline(swaps, header) && std::getline(swaps, first);
}

}  // namespace

Finding examine_clock(const Examination& examination) {
  const std::string now = format_utc(examination.now);
  const std::string newest = newest_time(examination.options);
  if (now < newest) {  // UTC in text sorts like time
    return {Verdict::kFailed, "it is " + now + ", and the audit log has a row of " + newest,
            "set the clock; until then secrets live too long"};
  }
  timex state{};
  if (::adjtimex(&state) < 0 || (state.status & STA_UNSYNC) != 0) {
    return {Verdict::kWarning, "it is " + now + "; nothing keeps the clock right",
            "run a time service, for example systemd-timesyncd; secrets expire by wall time"};
  }
  return {Verdict::kOk, "it is " + now + ", synchronised"};
}

Finding examine_disk(const Examination& examination) {
  const std::filesystem::path& folder = examination.options.paths.data_dir;
  struct statvfs space {};
  if (::statvfs(folder.c_str(), &space) != 0) {
    return {Verdict::kFailed, "the data folder " + folder.string() + " cannot be looked at",
            "name the service's data folder with --data-dir"};
  }
  const std::uint64_t free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize;
  const std::uint64_t reserve = examination.options.limits.disk_reserve_bytes;
  if (free_bytes < reserve) {
    return {Verdict::kFailed, mebibytes(free_bytes) + " are free, less than --disk-reserve-bytes: no secret is created",
            "make room on the disk of " + folder.string()};
  }
  if (space.f_files != 0 && space.f_favail == 0) {
    return {Verdict::kFailed, "the file system of " + folder.string() + " can hold no more files", "remove some"};
  }
  constexpr std::uint64_t kComfort = 4;
  if (free_bytes < reserve * kComfort) {
    return {Verdict::kWarning, "only " + mebibytes(free_bytes) + " are free",
            "at " + mebibytes(reserve) + " no secret is created any more"};
  }
  return {Verdict::kOk, mebibytes(free_bytes) + " free"};
}

Finding examine_limits(const Examination& examination) {
  const std::uint64_t descriptors = descriptor_limit();
  const std::uint64_t possible = connections_within(descriptors);
  const std::size_t wanted = examination.options.limits.connections_max;
  if (possible < wanted) {
    return {Verdict::kWarning,
            "a process may open " + std::to_string(descriptors) + " files here, enough for " +
                std::to_string(possible) + " connections of " + std::to_string(wanted),
            "raise the limit of open files (LimitNOFILE in a unit) to " + std::to_string(wanted + 512)};
  }
  return {Verdict::kOk, "a process may open " + std::to_string(descriptors) + " files here"};
}

Finding examine_memory(const Examination& examination) {
  const bool locked = sandbox_state(examination.options).memory_lock == "on";
  if (has_swap() && !locked) {
    return {Verdict::kWarning, "memory can be swapped to disk, and keys cannot be locked in it",
            "raise the limit of locked memory (LimitMEMLOCK in a unit)"};
  }
  if (has_swap()) {
    return {Verdict::kWarning, "keys are locked in memory, but secrets in flight can be swapped to disk",
            "set MemorySwapMax=0 in the unit"};
  }
  return {Verdict::kOk, locked ? "no swap, and keys are locked in memory" : "no swap"};
}

Finding examine_sandbox(const Examination& examination) {
  const SandboxState state = sandbox_state(examination.options);
  const std::string text = "landlock " + state.landlock + ", seccomp " + state.seccomp;
  if (examination.options.no_sandbox) {
    return {Verdict::kWarning, text, "serve without --no-sandbox"};
  }
  if (state.landlock == "unsupported" || state.seccomp == "unsupported") {
    return {Verdict::kWarning, text, "use a kernel that has both, Linux 5.13 or newer"};
  }
  return {Verdict::kOk, text};
}

}  // namespace disposable
