// DiskSpace: whether the file system of a folder is nearly full.
//
// The committer samples; anybody asks. Creates stop early so that retrievals, which free space in the end, still work.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace disposable {

class DiskSpace {
 public:
  // Samples once. Low: fewer than the reserve are left for this process.
  DiskSpace(std::string directory, std::uint64_t reserve_bytes);

  // To be called before every batch, with the size of the one before: looks again when the last look is a second old or
  // 4 MiB ago, so that a burst of large secrets cannot eat the reserve between two looks. One thread only.
  void sample(std::uint64_t bytes_written);
  bool low() const {
    return free_bytes_.load(std::memory_order_relaxed) < reserve_bytes_.load(std::memory_order_relaxed);
  }
  // At the latest look; nothing when the file system cannot say.
  std::optional<std::uint64_t> free_bytes() const {
    const std::uint64_t bytes = free_bytes_.load(std::memory_order_relaxed);
    return bytes == kUnknown ? std::nullopt : std::optional(bytes);
  }
  // Holds at once, for what was seen at the latest look.
  void set_reserve_bytes(std::uint64_t bytes) { reserve_bytes_.store(bytes, std::memory_order_relaxed); }

 private:
  // Not low, whatever the reserve: a write that fails is handled where it fails.
  static constexpr std::uint64_t kUnknown = UINT64_MAX;

  void look();

  const std::string directory_;
  std::atomic<std::uint64_t> reserve_bytes_;
  std::chrono::steady_clock::time_point sampled_;
  std::uint64_t written_since_ = 0;
  std::atomic<std::uint64_t> free_bytes_{kUnknown};
};

}  // namespace disposable
