// RevealLedger: a second opinion on who may have a secret, outside the store.
//
// A store that is copied to others without waiting for them (Redis with Sentinel) can forget a change when one of them
// takes over, and a spent secret comes back. So a secret is handed out or deleted only after a row for it, which only
// one request can have, is on another disk: what the store forgot costs a lost secret and never a second reading.
// A secret that may be read several times has as many rows (Keyring::view_row).

#pragma once

#include <span>
#include <vector>

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

  // As claim(), but by a name that may come again, as a reader's own claim does: neither the ledger gives it back nor
  // anybody else, or what is given back late could be what was got since. After kUnavailable it may be asked for again.
  virtual Result<bool> claim_for_good(const StoreId& id, const EventId& claim, WallTime expires_at) = 0;

  // For a claim that was got and ended in no revelation: the secret is free again, some time later. Never for a claim
  // that somebody was answered on. This claim is not used again.
  virtual void release(const StoreId& id, const EventId& claim) noexcept = 0;

  // kUnavailable with the reason while no claim can be made.
  virtual Result<void> ready() = 0;
};

// What one request has in the ledger; given back at its end unless something was revealed. One thread.
//
// A secret has a row for each of its views, and each row is a right to one revelation: it does not matter which.
class RevealClaim {
 public:
  // Null: there is no ledger, and all is granted. Borrows it.
  explicit RevealClaim(RevealLedger* ledger) : ledger_(ledger) {}
  RevealClaim(const RevealClaim&) = delete;
  RevealClaim& operator=(const RevealClaim&) = delete;
  ~RevealClaim() {
    for (const Row& row : used_ ? std::span<const Row>() : std::span<const Row>(held_)) {
      ledger_->release(row.id, row.claim);
    }
  }

  // Whether rows need be named at all, and none is held yet.
  bool wants() const { return ledger_ != nullptr && held_.empty(); }
  enum class Want : std::uint8_t {
    kOne,         // the first that is granted
    kOneForGood,  // the same, and it is never given back
    kAll,         // all that nobody else has
  };
  // Asks for the rows in this order; once something is held nothing is asked for. kSpent: all are others'.
  // kUnavailable.
  Result<void> make(std::span<const StoreId> rows, Want want, const EventId& claim, WallTime expires_at) {
    if (!wants()) {
      return {};
    }
    used_ = want == Want::kOneForGood;
    for (const StoreId& row : rows) {
      const Result<bool> granted =
          used_ ? ledger_->claim_for_good(row, claim, expires_at) : ledger_->claim(row, claim, expires_at);
      if (!granted) {
        return fail(granted.error());
      }
      if (*granted) {
        held_.push_back({row, claim});
        if (want != Want::kAll) {
          return {};
        }
      }
    }
    return held_.empty() ? Result<void>(fail(Errc::kSpent, "the ledger says that it was spent")) : Result<void>();
  }
  // Nothing is given back.
  void use() { used_ = true; }

 private:
  struct Row {
    StoreId id;
    EventId claim;
  };

  RevealLedger* ledger_;
  std::vector<Row> held_;
  bool used_ = false;
};

}  // namespace disposable
