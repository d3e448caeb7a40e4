// LimitHits: how often each limit refused somebody or something, for the metrics. Thread-safe, without locks.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace disposable {

// In the order of http/limits.h, and then those of a token.
enum class Limit : std::uint8_t {
  kConnections,
  kAddressConnections,
  kBufferBytes,
  kCreates,
  kRetrieves,
  kMisses,
  kWrongPassphrases,
  kAddressBytes,
  kStorage,  // stored_bytes_max or disk_reserve_bytes
  kTokenCreates,
  kTokenBytes,
};
inline constexpr std::size_t kLimitCount = 11;

// Snake case, as a metric's label: "address_connections".
constexpr std::string_view name(Limit limit) {
  switch (limit) {
    case Limit::kConnections:
      return "connections";
    case Limit::kAddressConnections:
      return "address_connections";
    case Limit::kBufferBytes:
      return "buffer_bytes";
    case Limit::kCreates:
      return "creates";
    case Limit::kRetrieves:
      return "retrieves";
    case Limit::kMisses:
      return "misses";
    case Limit::kWrongPassphrases:
      return "wrong_passphrases";
    case Limit::kAddressBytes:
      return "address_bytes";
    case Limit::kStorage:
      return "storage";
    case Limit::kTokenCreates:
      return "token_creates";
    case Limit::kTokenBytes:
      return "token_bytes";
  }
  return "unknown";
}

class LimitHits {
 public:
  void count(Limit limit) { hits_[index(limit)].fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t hits(Limit limit) const { return hits_[index(limit)].load(std::memory_order_relaxed); }

 private:
  static std::size_t index(Limit limit) { return static_cast<std::size_t>(limit); }

  std::array<std::atomic<std::uint64_t>, kLimitCount> hits_{};
};

}  // namespace disposable
