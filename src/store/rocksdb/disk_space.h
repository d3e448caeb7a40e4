// DiskSpace: whether the file system of a folder is nearly full.
//
// The committer samples; anybody asks. Creates stop early so that retrievals, which free space in the end, still work.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace disposable {

class DiskSpace {
 public:
  // Samples once. Low: fewer than `reserve_bytes` are left for this process.
  DiskSpace(std::string directory, std::uint64_t reserve_bytes);

  // To be called before every batch, with the size of the one before: looks again when the last look is a second old or
  // 4 MiB ago, so that a burst of large secrets cannot eat the reserve between two looks. One thread only.
  void sample(std::uint64_t bytes_written);
  bool low() const { return low_.load(std::memory_order_relaxed); }

 private:
  void look();

  const std::string directory_;
  const std::uint64_t reserve_bytes_;
  std::chrono::steady_clock::time_point sampled_;
  std::uint64_t written_since_ = 0;
  std::atomic<bool> low_{false};
};

}  // namespace disposable
