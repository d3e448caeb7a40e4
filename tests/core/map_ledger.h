// A reveal ledger in memory.

#pragma once

#include <functional>
#include <map>
#include <utility>

#include "base/mutex.h"
#include "core/ledger.h"

namespace disposable {

// Thread-safe, but for the fields, which are set and read while nobody claims.
class MapLedger final : public RevealLedger {
 public:
  Result<bool> claim(const StoreId& id, const EventId& claim, WallTime /*expires_at*/) override {
    if (away) {
      return fail(Errc::kUnavailable, "the ledger is away");
    }
    if (on_claim) {
      std::exchange(on_claim, {})();
    }
    const MutexLock lock(mutex_);
    return rows.emplace(id, claim).first->second == claim;
  }
  Result<std::size_t> claim_for_good(std::span<const StoreId> ids, const EventId& claim_id,
                                     WallTime expires_at) override {
    std::size_t granted = 0;
    for (const StoreId& id : ids) {
      const Result<bool> one = claim(id, claim_id, expires_at);
      if (!one) {
        return fail(one.error());
      }
      granted += *one ? 1U : 0U;
    }
    return granted;
  }
  void release(const StoreId& id, const EventId& claim) noexcept override {
    const MutexLock lock(mutex_);
    ++releases;
    const auto found = rows.find(id);
    if (!late && found != rows.end() && found->second == claim) {
      rows.erase(found);
    }
  }
  Result<void> ready() override { return {}; }

  std::map<StoreId, EventId> rows;
  std::function<void()> on_claim;  // what others do meanwhile
  int releases = 0;
  bool away = false;
  bool late = false;  // rows go later than any test looks

 private:
  Mutex mutex_;
};

}  // namespace disposable
