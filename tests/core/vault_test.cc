// Goal: the promises of create, retrieve and delete over the reference store: once, recorded, never on doubt.

#include "core/vault.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "support/vault_fixture.h"

namespace disposable {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

TEST_CASE("retrieve: the first reader gets the secret, every later one is told it is spent") {
  VaultFixture fixture;
  const SecretKey key = fixture.create("hunter2");
  CHECK(fixture.retrieve(key) == "hunter2");
  CHECK(fixture.retrieve(key) == "spent");
  CHECK(fixture.delete_secret(key) == "spent");
  CHECK(fixture.history() == Lines{"created 192.0.2.1", "retrieved 192.0.2.2"});
}

TEST_CASE("retrieve: a passphrase guards deletion, not retrieval") {
  VaultFixture fixture;
  const SecretKey key = fixture.create("hunter2", "pass123");
  CHECK(fixture.retrieve(key) == "hunter2");
}

TEST_CASE("retrieve: an unknown key is not found and leaves no trace") {
  VaultFixture fixture;
  CHECK(fixture.retrieve(SecretKey::generate(fixture.random)) == "not found");
  CHECK(fixture.history().empty());
}

TEST_CASE("retrieve: at its TTL a secret is gone, and the expiry is recorded once") {
  VaultFixture fixture;
  const SecretKey key = fixture.create("hunter2", {}, 10s);
  fixture.clock.advance(10s);
  CHECK(fixture.retrieve(key) == "not found");
  CHECK(fixture.retrieve(key) == "not found");
  CHECK(fixture.delete_secret(key) == "not found");
  CHECK(fixture.history() == Lines{"created 192.0.2.1", "expired -"});
}

TEST_CASE("retrieve: what was seen expired is not revived by a clock that is set back") {
  VaultFixture fixture;
  const SecretKey key = fixture.create("hunter2", {}, 10s);
  fixture.clock.advance(10s);
  CHECK(fixture.retrieve(key) == "not found");
  fixture.clock.advance(-9s);
  CHECK(fixture.retrieve(key) == "not found");
}

TEST_CASE("delete: without a passphrase nothing is asked, and a given one is ignored") {
  VaultFixture fixture;
  CHECK(fixture.delete_secret(fixture.create("a")) == "deleted");
  CHECK(fixture.delete_secret(fixture.create("b"), "whatever") == "deleted");
}

TEST_CASE("delete: needs the passphrase, and then nobody retrieves") {
  VaultFixture fixture;
  const SecretKey key = fixture.create("hunter2", "pass123");
  CHECK(fixture.delete_secret(key, "pass124") == "denied");
  CHECK(fixture.delete_secret(key) == "denied");
  CHECK(fixture.delete_secret(key, "pass123") == "deleted");
  CHECK(fixture.delete_secret(key, "pass123") == "spent");
  CHECK(fixture.retrieve(key) == "spent");
  CHECK(fixture.history() == Lines{"created 192.0.2.1", "denied 192.0.2.3", "denied 192.0.2.3", "deleted 192.0.2.3"});
}

TEST_CASE("delete: five wrong passphrases lock it for 15 minutes, even for the right one") {
  VaultFixture fixture;
  const SecretKey key = fixture.create("hunter2", "pass123", 7200s);
  for (int i = 0; i < 5; ++i) {
    CHECK(fixture.delete_secret(key, "wrong") == "denied");
  }
  const Held<void> locked = fixture.vault.delete_secret(key, SecretBytes::copy_of(as_bytes("pass123")), {});
  REQUIRE_FALSE(locked.outcome);
  CHECK(locked.outcome.error().code == Errc::kLocked);
  CHECK(locked.outcome.error().retry_after == 900s);
  CHECK(fixture.history().back() == "locked 192.0.2.3");
  CHECK(fixture.history().size() == 7);
  fixture.clock.advance(15min);
  CHECK(fixture.delete_secret(key, "wrong") == "denied");
  CHECK(fixture.delete_secret(key, "pass123") == "deleted");
}

TEST_CASE("delete: the lock does not touch retrieval") {
  VaultFixture fixture;
  const SecretKey key = fixture.create("hunter2", "pass123");
  for (int i = 0; i < 5; ++i) {
    CHECK(fixture.delete_secret(key, "wrong") == "denied");
  }
  CHECK(fixture.retrieve(key) == "hunter2");
}

TEST_CASE("delete: a hundred guesses at once get no more than five verdicts") {
  VaultFixture fixture({.slots = 8, .waiting_max = 200});
  const SecretKey key = fixture.create("hunter2", "pass123", 7200s);
  std::atomic<int> denied{0};
  std::atomic<int> limited{0};
  {
    std::vector<std::jthread> guessers;
    for (int i = 0; i < 100; ++i) {
      guessers.emplace_back([&, i] {
        const std::string verdict = fixture.delete_secret(key, "guess" + std::to_string(i));
        denied += verdict == "denied" ? 1 : 0;
        limited += verdict == "locked" ? 1 : 0;
      });
    }
  }
  CHECK(denied == 5);
  CHECK(limited == 95);
}

TEST_CASE("race: of many readers and deleters at once exactly one wins") {
  VaultFixture fixture;
  for (int round = 0; round < 50; ++round) {
    const SecretKey key = fixture.create("hunter2");
    std::atomic<int> wins{0};
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] { wins += fixture.retrieve(key) == "hunter2" ? 1 : 0; });
        threads.emplace_back([&] { wins += fixture.delete_secret(key) == "deleted" ? 1 : 0; });
      }
    }
    CHECK(wins == 1);
  }
}

TEST_CASE("create: a full passphrase lane refuses instead of waiting without end") {
  VaultFixture fixture({.slots = 1, .waiting_max = 0});
  const std::optional<PassphraseLane::Slot> busy = fixture.lane.enter("192.0.2.1");
  NewSecret fresh{SecretBytes::copy_of(as_bytes("s")), SecretBytes::copy_of(as_bytes("p"))};
  CHECK(fixture.vault.create(std::move(fresh), {}).outcome.error().code == Errc::kRateLimited);
  CHECK(fixture.history().empty());
}

TEST_CASE("corruption: a payload that does not decrypt is an error and spends nothing") {
  VaultFixture fixture;
  SecretKey key = fixture.create("hunter2");
  SeededRandom other_seed(7);
  const Keyring other = Keyring::generate(other_seed);
  // The same store under another keyring's vault: ids differ, so graft the record there under the id it would look for.
  const Loaded loaded = fixture.store.load(fixture.keyring.store_id(key)).value();
  REQUIRE(fixture.store.insert(other.store_id(key), {loaded.record, fixture.clock.now()}, Bytes(64), {}));
  Vault vault({fixture.store, other, fixture.clock, fixture.random, fixture.lane, Argon2Cost{1, 8192}});
  CHECK(vault.retrieve(key, {}).outcome.error().code == Errc::kCorrupt);
  CHECK(fixture.store.load(other.store_id(key))->version == 1);
  CHECK(fixture.retrieve(key) == "hunter2");
}

}  // namespace disposable
