// RevealLedger: a second opinion on who may have a secret, outside the store.
//
// A store that is copied to others without waiting for them (Redis with Sentinel) can forget a change when one of them
// takes over, and a spent secret comes back. So a secret is handed out or deleted only after a row for it, which only
// one request can have, is on another disk: what the store forgot costs a lost secret and never a second reading. Only
// whoever had it by a claim of his own can have it again by that claim, whatever the store forgot meanwhile: the end of
// the claim, or a deletion. The ledger knows the claim's name and not its time.
// A secret that may be read several times has as many rows (Keyring::view_row).

#pragma once

#include <optional>
#include <span>

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

  // As claim(), for several rows at once: how many of them are this claim's. By a name that may come again, as a
  // reader's own claim does, or for rows that must not be free again: neither the ledger gives them back nor anybody
  // else. After kUnavailable it may be asked for again, and some rows may be this claim's.
  virtual Result<std::size_t> claim_for_good(std::span<const StoreId> ids, const EventId& claim,
                                             WallTime expires_at) = 0;

  // For a claim that was got and ended in no revelation: the secret is free again, some time later. Never for a claim
  // that somebody was answered on. This claim is not used again.
  virtual void release(const StoreId& id, const EventId& claim) noexcept = 0;

  // kUnavailable with the reason while no claim can be made.
  virtual Result<void> ready() = 0;
};

// By this claim every deletion with API v2 has its rows, so that the next attempt finishes one that failed.
inline constexpr EventId kDeletionClaim{};

// What one request has in the ledger; given back at its end unless it is for good. One thread.
//
// A secret has a row for each of its views, and each row is a right to one revelation: it does not matter which.
class RevealClaim {
 public:
  // Null: there is no ledger, and all is granted. Borrows it.
  explicit RevealClaim(RevealLedger* ledger) : ledger_(ledger) {}
  RevealClaim(const RevealClaim&) = delete;
  RevealClaim& operator=(const RevealClaim&) = delete;
  ~RevealClaim() {
    if (held_) {
      ledger_->release(held_->id, held_->claim);
    }
  }

  // Whether rows need be named at all, and none is granted yet.
  bool wants() const { return ledger_ != nullptr && !granted_; }
  enum class Want : std::uint8_t {
    kOne,         // the first that is granted
    kOneForGood,  // the same, and it is never given back
    kAllForGood,  // all that nobody else has
  };
  // Asks for the rows in this order; once something is granted nothing is asked for. kSpent: all are others'.
  // kUnavailable.
  Result<void> make(std::span<const StoreId> rows, Want want, const EventId& claim, WallTime expires_at) {
    const std::size_t step = want == Want::kAllForGood ? rows.size() : 1;
    for (; wants() && !rows.empty(); rows = rows.subspan(step)) {
      const Result<bool> granted = want == Want::kOne ? ledger_->claim(rows.front(), claim, expires_at)
                                                      : any_for_good(rows.first(step), claim, expires_at);
      if (!granted) {
        return fail(granted.error());
      }
      granted_ = *granted;
      if (granted_ && want == Want::kOne) {
        held_ = Row{rows.front(), claim};
      }
    }
    return wants() ? Result<void>(fail(Errc::kSpent, "the ledger says that it was spent")) : Result<void>();
  }
  // Nothing is given back.
  void use() { held_.reset(); }

 private:
  struct Row {
    StoreId id;
    EventId claim;
  };

  Result<bool> any_for_good(std::span<const StoreId> rows, const EventId& claim, WallTime expires_at) {
    const Result<std::size_t> granted = ledger_->claim_for_good(rows, claim, expires_at);
    return granted ? Result<bool>(*granted > 0) : fail(granted.error());
  }

  RevealLedger* ledger_;
  std::optional<Row> held_;
  bool granted_ = false;
};

}  // namespace disposable
