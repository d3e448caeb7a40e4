// Vault: create, retrieve, delete, watch, request and sweep, over a store.
//
// Joins the pure lifecycle (core/lifecycle.h) with crypto and a compare-and-swap store. The promises it keeps:
// the payload is decrypted before the secret is spent, so a failed decryption spends nothing; spending destroys the
// wrapped data key in the same atomic write as the event; every answer carries the ticket it depends on. Thread-safe.
// Borrows everything in Parts, which must outlive it.

#pragma once

#include <chrono>
#include <string_view>

#include "core/ledger.h"
#include "core/lifecycle.h"
#include "core/passphrase_lane.h"
#include "core/payload_budget.h"
#include "core/shared_secret.h"
#include "core/store.h"
#include "crypto/keyring.h"
#include "crypto/passphrase.h"

namespace disposable {

struct SweepReport {
  std::size_t expired = 0;
  std::size_t claims_closed = 0;
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
    RevealLedger* ledger = nullptr;   // null: the store alone decides
    PayloadBudget* budget = nullptr;  // null: retrievals of API v2 may take any memory
  };

  explicit Vault(const Parts& parts) : parts_(parts) {}

  // API v1. kUnavailable, kStorageFull: not stored. kRateLimited: the passphrase lane is full.
  Held<SecretKey> create(NewSecret secret, std::string_view address);
  // kNotFound (unknown or expired), kSpent, kUnavailable, kCorrupt (does not decrypt; not spent). kInvalidArgument for
  // what was created with API v2.
  Held<SecretBytes> retrieve(const SecretKey& key, std::string_view address);
  // As retrieve; also kDenied (wrong or missing passphrase, counted), kLocked, and kRateLimited (the lane is full).
  // A passphrase given for a secret that has none is ignored.
  Held<void> delete_secret(const SecretKey& key, const SecretBytes& passphrase, std::string_view address);

  // API v2. Each works on a secret of API v1, too, whose passphrase guards deletion only and which knows no claims.
  // As above; also kAlreadyExists: the idempotency key was used for something else, or for what is spent. A repetition
  // of what is live gets the same answer. kInvalidArgument: sizes, numbers or a URL that may not be.
  Held<Created> create(NewSharedSecret secret, std::string_view address);
  // Takes a view, and the last one spends. With a claim of kClaimSizeMin to kClaimSizeMax bytes, the same claim gets
  // the same answer again for kClaimDuration. kWrongProof and kDenied (wrong or missing, counted together), kLocked;
  // kUnavailable also when others' retrievals take the memory; else as above.
  Held<Revealed> retrieve(const SecretKey& key, const Access& access, ByteView claim, std::string_view address);
  // When it was deleted. Refuses as retrieve.
  Held<WallTime> delete_secret(const SecretKey& key, const Access& access, std::string_view address);
  // Asks for neither proof nor passphrase.
  Held<WallTime> delete_by_receipt(const ReceiptKey& receipt, std::string_view address);
  // Neither spends anything; what is overdue is marked expired. kNotFound: unknown, or forgotten. After a kSpent they
  // say what happened and when; where a ledger knows more than the store, the stage may still be live.
  Held<Status> status(const SecretKey& key);
  Held<Status> receipt(const ReceiptKey& receipt);

  Held<NewRequest> create_request(std::chrono::seconds ttl, std::string_view address, const SecretBytes& webhook = {},
                                  std::string_view token = {});
  // The key in the answer is not for who fills. kAlreadyExists: filled before. With an idempotency key (empty: none)
  // the same bytes get the same answer while they can be retrieved. kNotFound: unknown, or expired. kSpent: deleted.
  Held<Created> fill(const SecretKey& fill_key, SecretBytes secret, std::string_view address,
                     std::string idempotency_key = {}, std::optional<std::chrono::seconds> only_again = {});
  Held<RequestStatus> request_status(const SecretKey& fill_key);
  // When it was deleted, with what was put in. kNotFound also for keys of two requests. kSpent: deleted before; or what
  // was put in was retrieved, as its status() says, and the request stays filled.
  Held<WallTime> delete_request(const SecretKey& fill_key, const SecretKey& request_key, std::string_view address);

  // Handles at most `limit` entries that are due and waits until the changes are durable.
  Result<SweepReport> sweep(std::size_t limit);

 private:
  // core/vault_steps.h
  struct Current;
  struct Refusal;
  struct Shown;
  struct Verdict;
  struct Caller;
  struct Reading;
  struct Opened;
  struct Sealing;
  enum class Pass : std::uint8_t;

  // vault.cc: reading and changing a record
  Result<Current> load(const StoreId& id);
  // What is in the store, spent or not; an overdue record is marked expired on the way.
  tl::expected<Current, Refusal> look(const StoreId& id);
  static tl::expected<Current, Refusal> only_live(tl::expected<Current, Refusal> current);
  bool changed_since(const StoreId& id, std::uint64_t version);
  Result<Ticket> apply(const StoreId& id, const Current& current, const Transition& transition);
  // Writes what was read once more and so gets the store's word for it, which a change that failed may lack.
  Result<Ticket> confirm(const StoreId& id, const Current& current);
  // As apply(), for what reveals. kSpent: the ledger says that all views were taken. `reader`: who has a claim.
  Result<Ticket> take_view(const StoreId& id, const Current& current, const Transition& transition, RevealClaim& claim,
                           const std::optional<RecordHash>& reader = std::nullopt);
  Result<void> ask_ledger(const StoreId& id, const Record& record, RevealClaim& claim, RevealClaim::Want want,
                          const EventId& name, int first);
  static Result<void> serves(const Record& record, RecordFormat api);
  // Whether the caller may go on with the record; what is wrong is counted.
  tl::expected<Pass, Refusal> admit(const StoreId& id, const Current& current, const Caller& caller, Verdict& verdict);
  Origin origin(WallTime now, std::string_view address);
  // vault_create.cc
  Result<Sealing> lock_with(const Access& access, std::string_view address);
  Held<Created> insert(const SecretKey& key, const NewSharedSecret& secret, const Sealing& sealing, Random& random,
                       std::string_view address);
  // The answer of before. kNotFound: nothing was created with this idempotency key.
  Held<Created> repeat(const SecretKey& key, const NewSharedSecret& secret, std::string_view address);
  Result<bool> repeats(const SecretKey& key, const Current& found, const NewSharedSecret& secret, const Shown& shown);
  // vault_retrieve.cc
  Result<Bytes> load_payload(const StoreId& id);
  // Memory for the payload of a secret of API v2, sealed and open: the others are bounded by what fits into JSON.
  Result<PayloadBudget::Share> reserve(const Record& record);
  Result<Verdict> judge(const SecretKey& key, const Record& record, const Shown& shown);
  // A live record, and also a spent one with an open claim of this reader.
  tl::expected<Current, Refusal> load_claimed(const StoreId& id, const SecretKey& key, ByteView claim);
  Result<Reading> read(const SecretKey& key, const Current& current, const Verdict& verdict, ByteView claim,
                       std::string_view address, Opened& opened_before);
  // vault_delete.cc
  // As look(), but that it was deleted is confirmed.
  tl::expected<Current, Refusal> look_confirmed(const StoreId& id);
  Held<WallTime> erase(const StoreId& id, const Caller& caller);
  // vault_requests.cc
  tl::expected<Current, Refusal> look_at_request(const SecretKey& fill_key);
  Held<WallTime> mark_request_deleted(const SecretKey& fill_key, std::string_view address);
  // Puts a tombstone where what is filled in would be. kAlreadyExists: something is there.
  Result<Ticket> bar_filling(const SecretKey& fill_key, const SecretKey& request_key);
  // vault_status.cc
  Held<Status> status_of(const StoreId& id);
  // vault_sweep.cc
  Result<Ticket> sweep_one(const StoreId& id, WallTime now, SweepReport& report);

  const Parts parts_;
};

}  // namespace disposable
