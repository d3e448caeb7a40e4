// Goal: with a reveal ledger a secret is handed out once, whatever the store forgets, and only what was handed out
// stays in the ledger.

#include <doctest/doctest.h>

#include "core/map_ledger.h"
#include "support/vault_fixture.h"

namespace disposable {

namespace {

struct LedgerFixture : VaultFixture {
  MapLedger ledger;
  Vault with_ledger{Vault::Parts{store, keyring, clock, random, lane, Argon2Cost{1, 8192}, &ledger}};

  std::string reveal(const SecretKey& key) {
    const Held<SecretBytes> held = with_ledger.retrieve(key, "192.0.2.2");
    return held.outcome ? std::string(as_text(held.outcome->expose())) : name(held.outcome.error().code);
  }
};

// What a failover to a server that lags behind does: the record is as it was before.
struct Snapshot {
  Snapshot(MemoryStore& from, const StoreId& of) : store(from), id(of), record(from.load(of)->record) {
    payload = *from.load_payload(of);
  }
  void put_back() {
    REQUIRE(store.purge(id, store.load(id)->version).has_value());
    REQUIRE(store.insert(id, {record, WallTime{}}, payload, {}).has_value());
  }
  MemoryStore& store;
  StoreId id;
  Bytes record;
  Bytes payload;
};

}  // namespace

TEST_CASE("ledger: a spend that the store forgot is not repeated with it, and is without") {
  for (const bool with_ledger : {true, false}) {
    CAPTURE(with_ledger);
    LedgerFixture fixture;
    const SecretKey key = fixture.create("hunter2");
    Snapshot before(fixture.store, fixture.keyring.store_id(key));
    const auto retrieve = [&] { return with_ledger ? fixture.reveal(key) : fixture.retrieve(key); };
    CHECK(retrieve() == "hunter2");
    before.put_back();
    CHECK(retrieve() == (with_ledger ? "spent" : "hunter2"));
  }
}

TEST_CASE("ledger: a deletion that the store forgot stays a deletion") {
  LedgerFixture fixture;
  const SecretKey key = fixture.create("hunter2", "pass123");
  Snapshot before(fixture.store, fixture.keyring.store_id(key));
  const auto erase = [&](std::string_view passphrase) {
    const Held<void> held = fixture.with_ledger.delete_secret(key, SecretBytes::copy_of(as_bytes(passphrase)), {});
    return held.outcome ? "deleted" : LedgerFixture::name(held.outcome.error().code);
  };
  CHECK(erase("wrong") == "denied");
  CHECK(fixture.ledger.rows.empty());
  CHECK(erase("pass123") == "deleted");
  before.put_back();
  CHECK(fixture.reveal(key) == "spent");
  CHECK(erase("pass123") == "spent");
}

TEST_CASE("ledger: while it is away nothing is handed out and nothing is spent") {
  LedgerFixture fixture;
  const SecretKey key = fixture.create("hunter2");
  fixture.ledger.away = true;
  CHECK(fixture.reveal(key) == "unavailable");
  fixture.ledger.away = false;
  CHECK(fixture.reveal(key) == "hunter2");
  CHECK(fixture.history() == std::vector<std::string>{"created 192.0.2.1", "retrieved 192.0.2.2"});
}

TEST_CASE("ledger: a claim is given back when the store refuses the spend") {
  LedgerFixture fixture;
  MemoryStore store(OutboxLimits{.creates_max = 1, .changes_max = 1});
  Vault vault{Vault::Parts{store, fixture.keyring, fixture.clock, fixture.random, fixture.lane, Argon2Cost{1, 8192},
                           &fixture.ledger}};
  Held<SecretKey> created = vault.create(NewSecret{SecretBytes::copy_of(as_bytes("hunter2")), {}}, {});
  REQUIRE(created.outcome.has_value());
  const Held<SecretBytes> refused = vault.retrieve(*created.outcome, {});
  REQUIRE_FALSE(refused.outcome.has_value());
  CHECK(refused.outcome.error().code == Errc::kUnavailable);
  CHECK(fixture.ledger.rows.empty());

  REQUIRE(store.acknowledge(store.pending(0, 1)->front()).has_value());
  CHECK(vault.retrieve(*created.outcome, {}).outcome.has_value());
  CHECK(fixture.ledger.rows.size() == 1);
}

TEST_CASE("ledger: a wrong passphrase meanwhile costs the reader nothing, however late claims are given back") {
  for (const bool deletes : {false, true}) {
    CAPTURE(deletes);
    LedgerFixture fixture;
    fixture.ledger.late = true;
    const SecretKey key = fixture.create("hunter2", "pass123");
    fixture.ledger.on_claim = [&] { CHECK(fixture.delete_secret(key, "wrong") == "denied"); };
    if (deletes) {
      CHECK(fixture.with_ledger.delete_secret(key, SecretBytes::copy_of(as_bytes("pass123")), {}).outcome.has_value());
    } else {
      CHECK(fixture.reveal(key) == "hunter2");
    }
    CHECK(fixture.ledger.rows.size() == 1);
    CHECK(fixture.ledger.releases == 0);
  }
}

TEST_CASE("ledger: a claim stays when somebody else was faster in the store, since nobody may have the secret again") {
  LedgerFixture fixture;
  const SecretKey key = fixture.create("hunter2");
  fixture.ledger.on_claim = [&] { CHECK(fixture.retrieve(key) == "hunter2"); };
  CHECK(fixture.reveal(key) == "spent");
  CHECK(fixture.ledger.rows.size() == 1);
  CHECK(fixture.ledger.releases == 0);
}

}  // namespace disposable
