// ConnectionCounts: how many connections there are, in all and of each client prefix.
//
// Thread-safe. Memory is bounded by the connections: a prefix without any is forgotten. Borrows the LimitHits, which
// must outlive it; every refusal is counted there.

#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>

#include "base/ip_address.h"
#include "base/mutex.h"
#include "crypto/short_hash.h"
#include "http/limit_hits.h"
#include "http/limits.h"

namespace disposable {

class ConnectionCounts {
 public:
  // `key` is random and stays secret, so that nobody can choose prefixes that meet in one bucket of the table.
  ConnectionCounts(const Limits& limits, const ShortHashKey& key, LimitHits& hits);

  // Holds for new connections; nobody is thrown out.
  void configure(const Limits& limits);

  // Counts a new connection, by connection_prefix() of http/client_address.h; without a prefix only the limit in all
  // holds. Otherwise nothing is counted and the limit that is in the way is returned: kAddressConnections, or
  // kConnections, at which room can be made by a leave() and another enter().
  [[nodiscard]] std::optional<Limit> enter(const std::optional<ClientPrefix>& prefix);
  // With the prefix that was entered.
  void leave(const std::optional<ClientPrefix>& prefix);

  std::size_t total() const;
  // Prefixes that have connections.
  std::size_t prefixes() const;

 private:
  struct Hash {
    ShortHashKey key;
    std::size_t operator()(const ClientPrefix& prefix) const;
  };

  LimitHits& hits_;
  mutable Mutex mutex_;
  std::size_t total_max_ GUARDED_BY(mutex_);
  std::size_t address_max_ GUARDED_BY(mutex_);
  std::size_t total_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<ClientPrefix, std::size_t, Hash> counts_ GUARDED_BY(mutex_);
};

}  // namespace disposable
