#include "store/rocksdb/disk_space.h"

#include <sys/statvfs.h>

#include <utility>

namespace disposable {

DiskSpace::DiskSpace(std::string directory, std::uint64_t reserve_bytes)
    : directory_(std::move(directory)), reserve_bytes_(reserve_bytes), sampled_(std::chrono::steady_clock::now()) {
  look();
}

void DiskSpace::sample(std::uint64_t bytes_written) {
  constexpr std::uint64_t kLookEveryBytes = 4UL * 1024 * 1024;
  const auto now = std::chrono::steady_clock::now();
  written_since_ += bytes_written;
  if (now - sampled_ < std::chrono::seconds{1} && written_since_ < kLookEveryBytes) {
    return;
  }
  sampled_ = now;
  written_since_ = 0;
  look();
}

void DiskSpace::look() {
  struct statvfs status {};
  const bool known = ::statvfs(directory_.c_str(), &status) == 0;
  free_bytes_.store(known ? status.f_bavail * status.f_frsize : kUnknown, std::memory_order_relaxed);
}

}  // namespace disposable
