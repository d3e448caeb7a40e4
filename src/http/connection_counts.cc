#include "http/connection_counts.h"

namespace disposable {

ConnectionCounts::ConnectionCounts(const Limits& limits, const ShortHashKey& key, LimitHits& hits)
    : hits_(hits),
      total_max_(limits.connections_max),
      address_max_(limits.address_connections_max),
      counts_(/*bucket_count=*/0, Hash{key}) {}

void ConnectionCounts::configure(const Limits& limits) {
  const MutexLock lock(mutex_);
  total_max_ = limits.connections_max;
  address_max_ = limits.address_connections_max;
}

std::optional<Limit> ConnectionCounts::enter(const std::optional<ClientPrefix>& prefix) {
  const MutexLock lock(mutex_);
  const auto refuse = [this](Limit limit) {
    hits_.count(limit);
    return std::optional(limit);
  };
  const auto known = prefix ? counts_.find(*prefix) : counts_.end();
  // The prefix first: at its own limit it shall not cost others a connection.
  if (prefix && (known == counts_.end() ? 0 : known->second) >= address_max_) {
    return refuse(Limit::kAddressConnections);
  }
  if (total_ >= total_max_) {
    return refuse(Limit::kConnections);
  }
  if (known != counts_.end()) {
    ++known->second;
  } else if (prefix) {
    counts_.emplace(*prefix, 1);
  }
  ++total_;
  return std::nullopt;
}

void ConnectionCounts::leave(const std::optional<ClientPrefix>& prefix) {
  const MutexLock lock(mutex_);
  check(total_ > 0, "a connection leaves once");
  --total_;
  if (!prefix) {
    return;
  }
  const auto known = counts_.find(*prefix);
  check(known != counts_.end(), "a connection leaves with the prefix that it entered with");
  if (--known->second == 0) {
    counts_.erase(known);
  }
}

std::size_t ConnectionCounts::total() const {
  const MutexLock lock(mutex_);
  return total_;
}

std::size_t ConnectionCounts::prefixes() const {
  const MutexLock lock(mutex_);
  return counts_.size();
}

std::size_t ConnectionCounts::Hash::operator()(const ClientPrefix& prefix) const {
  const std::array<std::uint64_t, 2> words{prefix.bits, prefix.is_v4 ? 1U : 0U};
  return short_hash(key, {reinterpret_cast<const std::uint8_t*>(words.data()), sizeof words});
}

}  // namespace disposable
