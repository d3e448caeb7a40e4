// Goal: however a reader or a deletion ends between ledger and store, what was deleted or handed out stays so, and
// nobody has more than his view.

#include <doctest/doctest.h>

#include "core/map_ledger.h"
#include "core/refusing_store.h"
#include "core/shared_fixture.h"

namespace disposable {

namespace {

using Changes = RefusingStore::Changes;

// Two nodes over one store and one ledger: the changes of the first fail as the test says.
struct EndsFixture : SharedFixture {
  MapLedger ledger;
  RefusingStore failing{store};
  Vault first{Vault::Parts{failing, keyring, clock, random, lane, Argon2Cost{1, 8192}, &ledger}};
  Vault second{Vault::Parts{store, keyring, clock, random, lane, Argon2Cost{1, 8192}, &ledger}};

  static std::string reveal(Vault& by, const Created& created, std::string_view claim = {}) {
    return words(by.retrieve(created.key, {}, as_bytes(claim), "192.0.2.2"));
  }
  static std::string remove(Vault& by, const Created& created) {
    return words(by.delete_secret(created.key, Access{}, "192.0.2.3"));
  }
  // What a failover to a server that lags behind does.
  void forget(const Created& created, const Loaded& before) {
    const StoreId id = keyring.store_id(created.key);
    REQUIRE(store.purge(id, store.load(id)->version).has_value());
    REQUIRE(store.insert(id, {before.record, WallTime{}}, payload, {}).has_value());
  }
  Loaded remember(const Created& created) {
    const StoreId id = keyring.store_id(created.key);
    payload = store.load_payload(id).value();
    return store.load(id).value();
  }

  Bytes payload;
};

}  // namespace

TEST_CASE(
    "ledger ends: a deletion that met a reader's row stays one, though he ends in nothing and the store forgets") {
  for (const bool reads : {true, false}) {
    CAPTURE(reads);
    EndsFixture fixture;
    const Created created = fixture.share(SharedFixture::fresh("hunter2", 2));
    const Loaded before = fixture.remember(created);
    fixture.failing.changes = Changes::kRefused;
    fixture.failing.on_change = [&] { CHECK(EndsFixture::remove(fixture.second, created) == "deleted"); };
    const auto end = reads ? EndsFixture::reveal(fixture.first, created) : EndsFixture::remove(fixture.first, created);
    CHECK(end == "unavailable");
    CHECK(fixture.ledger.releases == 0);
    fixture.forget(created, before);
    CHECK(EndsFixture::reveal(fixture.second, created) == "spent");
  }
}

TEST_CASE("ledger ends: a deletion that failed is finished by the next one") {
  for (const int views : {1, 2}) {
    EndsFixture fixture;
    const Created created = fixture.share(SharedFixture::fresh("hunter2", views));
    fixture.failing.changes = Changes::kRefused;
    CHECK(EndsFixture::remove(fixture.first, created) == "unavailable");
    CHECK(EndsFixture::reveal(fixture.second, created) == "spent");  // whoever wanted it deleted has that much
    CHECK(EndsFixture::remove(fixture.second, created) == "deleted");
  }
}

TEST_CASE("ledger ends: who is told that it is too late to delete leaves nothing to be read") {
  EndsFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2"));
  fixture.failing.changes = Changes::kRefused;
  CHECK(EndsFixture::reveal(fixture.first, created, SharedFixture::kClaim) == "unavailable");
  CHECK(EndsFixture::remove(fixture.first, created) == "unavailable");
  fixture.failing.changes = Changes::kDone;
  CHECK(EndsFixture::remove(fixture.first, created) == "spent");
  CHECK(EndsFixture::reveal(fixture.first, created, SharedFixture::kClaim) == "spent");
  CHECK(fixture.vault.receipt(created.receipt).outcome->stage == Stage::kRetrieved);
  CHECK(fixture.events() == std::vector<std::string>{R"(deleted {"handed_out":true})"});
  CHECK(fixture.store.totals().live_secrets == 0);
}

TEST_CASE("ledger ends: where it is unknown whether the store took a claim's view, its row stays the reader's") {
  EndsFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2"));
  fixture.failing.changes = Changes::kRefused;
  CHECK(EndsFixture::reveal(fixture.first, created, SharedFixture::kClaim) == "unavailable");
  CHECK(fixture.ledger.rows.size() == 1);
  CHECK(EndsFixture::reveal(fixture.second, created, SharedFixture::kOtherClaim) == "spent");
  CHECK(EndsFixture::reveal(fixture.second, created, SharedFixture::kClaim) == "hunter2, 0 left");
  CHECK(fixture.ledger.releases == 0);
}

TEST_CASE("ledger ends: a reader's claim gets the same row again, whatever others have read meanwhile") {
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    EndsFixture fixture;
    const std::string claim = std::string(SharedFixture::kClaim) + std::to_string(round);
    const Created created = fixture.share(SharedFixture::fresh("hunter2", 3));
    fixture.failing.changes = Changes::kRefused;
    CHECK(EndsFixture::reveal(fixture.first, created, claim) == "unavailable");
    CHECK(EndsFixture::reveal(fixture.second, created) == "hunter2, 2 left");
    CHECK(EndsFixture::reveal(fixture.second, created, claim) == "hunter2, 1 left");
    CHECK(fixture.ledger.rows.size() == 2);
  }
}

}  // namespace disposable
