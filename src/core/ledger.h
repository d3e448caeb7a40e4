// RevealLedger: a second opinion on who may have a secret, outside the store.
//
// A store that is copied to others without waiting for them (Redis with Sentinel) can forget a change when one of them
// takes over, and a spent secret comes back. So a secret is handed out or deleted only after a row for it, which only
// one request can have, is on another disk: what the store forgot costs a lost secret and never a second reading.

#pragma once

#include <optional>

#include "core/event.h"

namespace disposable {

// Thread-safe.
class RevealLedger {
 public:
  RevealLedger() = default;
  RevealLedger(const RevealLedger&) = delete;
  RevealLedger& operator=(const RevealLedger&) = delete;
  virtual ~RevealLedger() = default;

  // True when the row of this secret is this claim's, durable on return: `claim` tells the claims of one secret apart,
  // and asking again with the same one gives the same answer. False when the row is another's. The row may be forgotten
  // some time after `expires_at`, when the secret opens for nobody. kUnavailable: unknown; nothing may be revealed, the
  // ledger itself gives back what there may be, as release() does, and this claim is not used again.
  virtual Result<bool> claim(const StoreId& id, const EventId& claim, WallTime expires_at) = 0;

  // For a claim that was got and ended in no revelation: the secret is free again, some time later. Never for a claim
  // that somebody was answered on. This claim is not used again.
  virtual void release(const StoreId& id, const EventId& claim) noexcept = 0;

  // kUnavailable with the reason while no claim can be made.
  virtual Result<void> ready() = 0;
};

// What one request has in the ledger; given back at its end unless something was revealed. One thread.
class RevealClaim {
 public:
  // Null: there is no ledger, and all is granted. Borrows both.
  RevealClaim(RevealLedger* ledger, const StoreId& secret) : ledger_(ledger), secret_(secret) {}
  RevealClaim(const RevealClaim&) = delete;
  RevealClaim& operator=(const RevealClaim&) = delete;
  ~RevealClaim() {
    if (claim_ && !used_) {
      ledger_->release(secret_, *claim_);
    }
  }

  // Asks the ledger until it has granted `claim` once. kSpent: another has the secret. kUnavailable.
  Result<void> make(const EventId& claim, WallTime expires_at) {
    if (ledger_ == nullptr || claim_) {
      return {};
    }
    const Result<bool> granted = ledger_->claim(secret_, claim, expires_at);
    if (!granted) {
      return fail(granted.error());
    }
    if (!*granted) {
      return fail(Errc::kSpent, "the ledger says that it was spent");
    }
    claim_ = claim;
    return {};
  }
  void use() { used_ = true; }

 private:
  RevealLedger* ledger_;
  const StoreId& secret_;
  std::optional<EventId> claim_;
  bool used_ = false;
};

}  // namespace disposable
