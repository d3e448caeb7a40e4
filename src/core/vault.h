// Vault: create, retrieve, delete and sweep, over a store.
//
// Joins the pure lifecycle (core/lifecycle.h) with crypto and a compare-and-swap store. The promises it keeps:
// the payload is decrypted before the secret is spent, so a failed decryption spends nothing; spending destroys the
// wrapped data key in the same atomic write as the event; every answer carries the ticket it depends on.
//
// Thread-safe. Borrows everything in Parts, which must outlive it.

#pragma once

#include <chrono>
#include <string_view>

#include "core/ledger.h"
#include "core/lifecycle.h"
#include "core/passphrase_lane.h"
#include "core/store.h"
#include "crypto/keyring.h"
#include "crypto/passphrase.h"

namespace disposable {

struct NewSecret {
  SecretBytes secret;      // at least one byte
  SecretBytes passphrase;  // empty: none
  std::chrono::seconds ttl{300};
};

struct SweepReport {
  std::size_t expired = 0;
  std::size_t payloads_dropped = 0;
  std::size_t purged = 0;
  std::size_t skipped = 0;  // changed by somebody else meanwhile, unreadable, or refused by a full outbox
};

class Vault {
 public:
  struct Parts {
    SecretStore& store;
    const Keyring& keyring;
    Clock& clock;
    Random& random;
    PassphraseLane& lane;
    Argon2Cost argon2{};
    RevealLedger* ledger = nullptr;  // null: the store alone decides
  };

  explicit Vault(const Parts& parts) : parts_(parts) {}

  // kUnavailable, kStorageFull: not stored. kRateLimited: the passphrase lane is full.
  Held<SecretKey> create(NewSecret secret, std::string_view address);

  // kNotFound (unknown or expired), kSpent, kUnavailable, kCorrupt (does not decrypt; not spent).
  Held<SecretBytes> retrieve(const SecretKey& key, std::string_view address);

  // As retrieve; also kDenied (wrong or missing passphrase, counted) and kRateLimited (locked, or the lane is full).
  // A passphrase given for a secret that has none is ignored.
  Held<void> delete_secret(const SecretKey& key, const SecretBytes& passphrase, std::string_view address);

  // Handles at most `limit` entries that are due and waits until the changes are durable.
  Result<SweepReport> sweep(std::size_t limit);

 private:
  // A record as it was at one moment.
  struct Current {
    Record record;
    std::uint64_t version = 0;
    Ticket ticket;
    WallTime now;
  };
  struct Refusal {
    Error error;
    Ticket ticket;
  };

  Result<Current> load(const StoreId& id);
  // The record if it may be acted on; an overdue one is marked expired on the way.
  tl::expected<Current, Refusal> load_live(const StoreId& id);
  bool changed_since(const StoreId& id, std::uint64_t version);
  Result<Ticket> apply(const StoreId& id, const Current& current, const Transition& transition);
  // As apply(), for what leaves nothing to read. kSpent when the ledger says that this has happened already.
  Result<Ticket> spend(const StoreId& id, const Current& current, const Transition& transition, RevealClaim& claim);
  Result<SecretBytes> open_payload(const StoreId& id, const SecretKey& key, const Record& record);
  Result<SecretBytes> seal_verifier(const SecretBytes& passphrase);
  Result<bool> passphrase_matches(const SecretKey& key, const Record& record, const SecretBytes& passphrase);
  Result<Ticket> sweep_one(const StoreId& id, WallTime now, SweepReport& report);
  Origin origin(WallTime now, std::string_view address);

  const Parts parts_;
};

}  // namespace disposable
