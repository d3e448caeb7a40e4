// Goal: with a reveal ledger a secret of several views is handed out as often as it may be, whatever the store forgets.

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "core/map_ledger.h"
#include "core/shared_fixture.h"

namespace disposable {

namespace {

struct LedgerFixture : SharedFixture {
  MapLedger ledger;
  Vault with_ledger{Vault::Parts{store, keyring, clock, random, lane, Argon2Cost{1, 8192}, &ledger}};

  std::string reveal(const SecretKey& key, std::string_view claim = {}) {
    return words(with_ledger.retrieve(key, {}, as_bytes(claim), "192.0.2.2"));
  }
  std::string remove(const SecretKey& key) { return words(with_ledger.delete_secret(key, Access{}, {})); }
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

TEST_CASE("ledger views: each view has a row, and those that the store forgot are not handed out again") {
  LedgerFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 3));
  Snapshot before(fixture.store, fixture.keyring.store_id(created.key));
  CHECK(fixture.reveal(created.key) == "hunter2, 2 left");
  CHECK(fixture.reveal(created.key) == "hunter2, 1 left");
  CHECK(fixture.ledger.rows.size() == 2);
  before.put_back();
  CHECK(fixture.reveal(created.key) == "hunter2, 2 left");  // the last one that nobody had
  CHECK(fixture.reveal(created.key) == "spent");
  CHECK(fixture.ledger.rows.size() == 3);
  CHECK(fixture.ledger.releases == 0);
}

TEST_CASE("ledger views: a deletion that the store forgot stays a deletion, whatever had been read before") {
  for (const int read : {0, 1, 2}) {
    CAPTURE(read);
    LedgerFixture fixture;
    const Created created = fixture.share(SharedFixture::fresh("hunter2", 3));
    Snapshot before(fixture.store, fixture.keyring.store_id(created.key));
    for (int i = 0; i < read; ++i) {
      CHECK(fixture.reveal(created.key).starts_with("hunter2"));
    }
    CHECK(fixture.remove(created.key) == "deleted");
    CHECK(fixture.ledger.rows.size() == 3);
    before.put_back();
    CHECK(fixture.reveal(created.key) == "spent");
    CHECK(fixture.remove(created.key) == "deleted");
    CHECK(fixture.remove(created.key) == "spent");
  }
}

TEST_CASE("ledger views: a claim asked for again takes neither a view nor a row") {
  LedgerFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 2));
  CHECK(fixture.reveal(created.key, SharedFixture::kClaim) == "hunter2, 1 left");
  CHECK(fixture.reveal(created.key, SharedFixture::kClaim) == "hunter2, 1 left");
  CHECK(fixture.ledger.rows.size() == 1);
}

TEST_CASE("ledger views: what the store would refuse costs nothing, whoever asked for it") {
  for (const int views : {1, 2}) {
    CAPTURE(views);
    LedgerFixture fixture;
    MemoryStore store(OutboxLimits{.creates_max = 1, .changes_max = 1});
    Vault vault{Vault::Parts{store, fixture.keyring, fixture.clock, fixture.random, fixture.lane, Argon2Cost{1, 8192},
                             &fixture.ledger}};
    const Held<Created> created = vault.create(SharedFixture::fresh("hunter2", views), {});
    REQUIRE(created.outcome.has_value());
    const auto reveal = [&](std::string_view claim) {
      return SharedFixture::words(vault.retrieve(created.outcome->key, {}, as_bytes(claim), {}));
    };
    CHECK(reveal(SharedFixture::kClaim) == "unavailable");
    CHECK(reveal({}) == "unavailable");
    CHECK(SharedFixture::words(vault.delete_by_receipt(created.outcome->receipt, {})) == "unavailable");
    CHECK(fixture.ledger.rows.empty());
    REQUIRE(store.acknowledge(store.pending(0, 1)->front()).has_value());
    CHECK(reveal(SharedFixture::kOtherClaim).starts_with("hunter2"));
  }
}

TEST_CASE("ledger views: a reader who is overtaken by another goes on with his row") {
  LedgerFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 2));
  fixture.ledger.late = true;
  fixture.ledger.on_claim = [&] { CHECK(fixture.reveal(created.key) == "hunter2, 1 left"); };
  CHECK(fixture.reveal(created.key) == "hunter2, 0 left");
  CHECK(fixture.ledger.rows.size() == 2);
  CHECK(fixture.ledger.releases == 0);
}

TEST_CASE("ledger views: a row that met a deletion is not free again, so that a forgotten deletion stays one") {
  LedgerFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 2));
  Snapshot before(fixture.store, fixture.keyring.store_id(created.key));
  fixture.ledger.on_claim = [&] { CHECK(fixture.read(created.key) == "hunter2, 1 left"); };
  CHECK(fixture.reveal(created.key) == "hunter2, 0 left");
  before.put_back();
  // The reader has got a row when the deletion takes all others and happens.
  fixture.ledger.rows.clear();
  fixture.ledger.on_claim = [&] { CHECK(fixture.erase(created.key) == "deleted"); };
  CHECK(fixture.reveal(created.key) == "spent");
  CHECK(fixture.ledger.rows.size() == 1);
  CHECK(fixture.ledger.releases == 0);
}

TEST_CASE("ledger views: while it is away nothing is handed out, and no view is taken") {
  LedgerFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 2));
  fixture.ledger.away = true;
  CHECK(fixture.reveal(created.key) == "unavailable");
  CHECK(fixture.remove(created.key) == "unavailable");
  fixture.ledger.away = false;
  CHECK(fixture.reveal(created.key) == "hunter2, 1 left");
}

TEST_CASE("ledger views: of many readers at once as many get the secret as it has views") {
  LedgerFixture fixture;
  constexpr int kViews = 7;
  for (int round = 0; round < 20; ++round) {
    const Created created = fixture.share(SharedFixture::fresh("hunter2", kViews));
    std::atomic<int> got{0};
    {
      std::vector<std::jthread> readers;
      for (int i = 0; i < 16; ++i) {
        readers.emplace_back([&] { got += fixture.reveal(created.key).starts_with("hunter2") ? 1 : 0; });
      }
    }
    CHECK(got == kViews);
  }
}

}  // namespace disposable
