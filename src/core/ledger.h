// RevealLedger: a second opinion on who may have a secret, outside the store.
//
// A store that is copied to others without waiting for them (Redis with Sentinel) can forget a change when one of them
// takes over, and a spent secret comes back. So a secret is handed out or deleted only after a row for it, which only
// one request can have, is on another disk: what the store forgot costs a lost secret and never a second reading.

#pragma once

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
  // some time after `expires_at`, when the secret opens for nobody. kUnavailable: unknown; nothing may be revealed.
  virtual Result<bool> claim(const StoreId& id, const EventId& claim, WallTime expires_at) = 0;

  // For a claim that ended in no revelation, also one whose outcome is unknown: the secret is free again, some time
  // later. Never for a claim that somebody was answered on.
  virtual void release(const StoreId& id, const EventId& claim) = 0;

  // kUnavailable with the reason while no claim can be made.
  virtual Result<void> ready() = 0;
};

}  // namespace disposable
