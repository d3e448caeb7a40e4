// Goal: a secret of API v2 is read as often as it may be, by those who have all that it asks for, and by nobody else.

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "core/refusing_store.h"
#include "core/shared_fixture.h"

namespace disposable {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

TEST_CASE("views: each retrieval takes one, the last one spends, and the events count them") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 3));
  CHECK(fixture.read(created.key) == "hunter2, 2 left");
  CHECK(fixture.read(created.key) == "hunter2, 1 left");
  CHECK_FALSE(fixture.record(created.key).wrapped_key.empty());
  CHECK(fixture.read(created.key) == "hunter2, 0 left");
  CHECK(fixture.read(created.key) == "spent");
  CHECK(fixture.record(created.key).wrapped_key.empty());
  CHECK(fixture.events() ==
        Lines{R"(retrieved {"views_left":2})", R"(retrieved {"views_left":1})", R"(retrieved {"views_left":0})"});
}

TEST_CASE("views: the live secrets are counted once each, whatever is read or repeated of them") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 12));
  REQUIRE(fixture.vault.create_request(1h, {}).outcome.has_value());
  for (int left = 11; left > 0; --left) {
    CHECK(fixture.read(created.key, left == 5 ? SharedFixture::kClaim : "").starts_with("hunter2"));
    CHECK(fixture.store.totals().live_secrets == 1);
  }
  CHECK(fixture.read(created.key, SharedFixture::kClaim) == "hunter2, 5 left");
  CHECK(fixture.store.totals().live_secrets == 1);
  CHECK(fixture.read(created.key, SharedFixture::kOtherClaim) == "hunter2, 0 left");
  CHECK(fixture.store.totals().live_secrets == 0);
  CHECK(fixture.read(created.key, SharedFixture::kOtherClaim) == "hunter2, 0 left");
  CHECK(fixture.store.totals().live_secrets == 0);
}

TEST_CASE("views: what cannot be created so is refused") {
  SharedFixture fixture;
  const auto refused = [&](const std::function<void(NewSharedSecret&)>& change) {
    NewSharedSecret secret = SharedFixture::fresh("hunter2");
    change(secret);
    const Held<Created> held = fixture.vault.create(std::move(secret), {});
    return !held.outcome && held.outcome.error().code == Errc::kInvalidArgument;
  };
  CHECK(refused([](NewSharedSecret& secret) { secret.views = 0; }));
  CHECK(refused([](NewSharedSecret& secret) { secret.views = 101; }));
  CHECK(refused([](NewSharedSecret& secret) { secret.ttl = 0s; }));
  CHECK(refused([](NewSharedSecret& secret) { secret.secret = {}; }));
  CHECK(refused([](NewSharedSecret& secret) { secret.access.proof = SecretBytes(31); }));
  CHECK(refused([](NewSharedSecret& secret) { secret.idempotency_key = "fifteen letters"; }));
  CHECK(refused([](NewSharedSecret& secret) { secret.idempotency_key = std::string(256, 'k'); }));
  CHECK(refused([](NewSharedSecret& secret) { secret.idempotency_key = "a key with spaces in it"; }));
  CHECK_FALSE(refused([](NewSharedSecret& secret) { secret.views = 100; }));
  CHECK(fixture.vault.retrieve(SecretKey::generate(fixture.random), {}, Bytes(15), {}).outcome.error().code ==
        Errc::kInvalidArgument);
  CHECK(fixture.vault.retrieve(SecretKey::generate(fixture.random), {}, Bytes(33), {}).outcome.error().code ==
        Errc::kInvalidArgument);
}

TEST_CASE("proof: a wrong or missing one spends nothing, and is told apart from a wrong passphrase") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 1, "pass123", SharedFixture::kProof));
  std::string wrong(SharedFixture::kProof);
  wrong.back() ^= 1;
  CHECK(fixture.read(created.key) == "wrong proof");
  CHECK(fixture.read(created.key, {}, "pass123", wrong) == "wrong proof");
  CHECK(fixture.read(created.key, {}, "pass124", SharedFixture::kProof) == "denied");
  CHECK(fixture.erase(created.key, {}, SharedFixture::kProof) == "denied");
  CHECK(fixture.read(created.key, {}, "pass123", SharedFixture::kProof) == "hunter2, 0 left");
  CHECK(fixture.events() == Lines{R"(denied {"attempts":1,"proof":true})", R"(denied {"attempts":2,"proof":true})",
                                  R"(denied {"attempts":3})", R"(denied {"attempts":4})",
                                  R"(retrieved {"views_left":0})"});
}

TEST_CASE("passphrase: guards retrieval and deletion, and the fifth mistake locks both for 15 minutes") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 2, "pass123", SharedFixture::kProof));
  for (int i = 0; i < 4; ++i) {
    CHECK(fixture.read(created.key, {}, "wrong", SharedFixture::kProof) == "denied");
  }
  CHECK(fixture.erase(created.key) == "wrong proof");
  const auto held =
      fixture.vault.retrieve(created.key, SharedFixture::access("pass123", SharedFixture::kProof), {}, {});
  REQUIRE_FALSE(held.outcome);
  CHECK(held.outcome.error().code == Errc::kLocked);
  CHECK(held.outcome.error().retry_after == 15min);
  CHECK(fixture.erase(created.key, "pass123", SharedFixture::kProof) == "locked");
  CHECK(fixture.events().size() == 6);
  fixture.clock.advance(15min);
  CHECK(fixture.read(created.key, {}, "pass123", SharedFixture::kProof) == "hunter2, 1 left");
  CHECK(fixture.erase(created.key, "pass123", SharedFixture::kProof) == "deleted");
}

TEST_CASE("passphrase: what a secret does not ask for is ignored") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2"));
  CHECK(fixture.read(created.key, {}, "whatever", "not a proof") == "hunter2, 0 left");
}

TEST_CASE("passphrase: a hundred readers who guess get no more than five verdicts, and spend nothing") {
  SharedFixture fixture(PassphraseLane::Limits{.slots = 8, .waiting_max = 200});
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 1, "pass123"));
  std::atomic<int> denied{0};
  std::atomic<int> locked{0};
  {
    std::vector<std::jthread> guessers;
    for (int i = 0; i < 100; ++i) {
      guessers.emplace_back([&, i] {
        const std::string verdict = fixture.read(created.key, {}, "guess" + std::to_string(i));
        denied += verdict == "denied" ? 1 : 0;
        locked += verdict == "locked" ? 1 : 0;
      });
    }
  }
  CHECK(denied == 5);
  CHECK(locked == 95);
  fixture.clock.advance(15min);
  CHECK(fixture.read(created.key, {}, "pass123") == "hunter2, 0 left");
}

TEST_CASE("deletion: one that was not confirmed is not told as done before it is") {
  SharedFixture fixture;
  RefusingStore store(fixture.store);
  Vault vault{Vault::Parts{store, fixture.keyring, fixture.clock, fixture.random, fixture.lane, Argon2Cost{1, 8192}}};
  const Created created = fixture.share(SharedFixture::fresh("hunter2"));
  const auto erase = [&] { return SharedFixture::words(vault.delete_by_receipt(created.receipt, {})); };
  store.changes = RefusingStore::Changes::kUnconfirmed;
  CHECK(erase() == "unavailable");
  CHECK(erase() == "unavailable");
  store.changes = RefusingStore::Changes::kDone;
  CHECK(erase() == "spent");
  CHECK(fixture.events() == Lines{"deleted {}"});
}

TEST_CASE("corruption: a payload that does not decrypt takes no view") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 2));
  const StoreId id = fixture.keyring.store_id(created.key);
  const Bytes record = fixture.store.load(id)->record;
  Bytes payload = fixture.store.load_payload(id).value();
  payload.back() ^= 1;
  REQUIRE(fixture.store.purge(id, 1).has_value());
  REQUIRE(fixture.store.insert(id, {record, fixture.clock.now()}, payload, {}).has_value());
  CHECK(fixture.read(created.key, SharedFixture::kClaim) == "corrupt");
  CHECK(fixture.store.load(id)->version == 1);
}

TEST_CASE("race: of many readers as many get the secret as it has views, and each number of views left once") {
  SharedFixture fixture;
  constexpr std::size_t kViews = 7;
  for (int round = 0; round < 20; ++round) {
    const Created created = fixture.share(SharedFixture::fresh("hunter2", kViews));
    std::array<std::atomic<int>, kViews> left{};
    std::atomic<int> spent{0};
    {
      std::vector<std::jthread> readers;
      for (int i = 0; i < 16; ++i) {
        readers.emplace_back([&] {
          const Held<Revealed> held = fixture.vault.retrieve(created.key, {}, {}, {});
          if (held.outcome) {
            ++left.at(static_cast<std::size_t>(held.outcome->views_left));
          } else {
            spent += held.outcome.error().code == Errc::kSpent ? 1 : 0;
          }
        });
      }
    }
    CHECK(spent == 16 - kViews);
    for (const std::atomic<int>& readers : left) {
      CHECK(readers == 1);
    }
  }
}

TEST_CASE("two APIs: v1 does not serve what v2 made, and counts nothing against it") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 1, "pass123"));
  for (int i = 0; i < 6; ++i) {
    CHECK(fixture.retrieve(created.key) == "unexpected error");
    CHECK(fixture.delete_secret(created.key, "wrong") == "unexpected error");
  }
  CHECK(fixture.delete_secret(created.key, "pass123") == "unexpected error");
  CHECK(fixture.events().empty());
  CHECK(fixture.read(created.key, {}, "pass123") == "hunter2, 0 left");
  CHECK(fixture.retrieve(created.key) == "spent");
}

TEST_CASE("two APIs: v2 serves what v1 made, whose passphrase guards deletion only and which knows no claims") {
  SharedFixture fixture;
  const SecretKey first = fixture.create("hunter2", "pass123");
  CHECK(fixture.erase(first, "wrong") == "denied");
  CHECK(fixture.read(first, SharedFixture::kClaim) == "hunter2, 0 left");
  CHECK(fixture.read(first, SharedFixture::kClaim) == "spent");
  const SecretKey second = fixture.create("hunter2", "pass123");
  CHECK(fixture.erase(second, "pass123") == "deleted");
  const SecretKey third = fixture.create("hunter2", "pass123");
  for (int i = 0; i < 5; ++i) {
    CHECK(fixture.erase(third, "wrong") == "denied");
  }
  CHECK(fixture.erase(third, "pass123") == "locked");
  CHECK(fixture.read(third) == "hunter2, 0 left");
  CHECK(fixture.events().back() == "retrieved {}");
}

}  // namespace disposable
