// Goal: the sweeper expires, drops ciphertext and purges at the promised times, and never earlier.

#include <doctest/doctest.h>

#include "support/vault_fixture.h"

namespace disposable {

using namespace std::chrono_literals;

namespace {

bool has_entry(VaultFixture& fixture, const SecretKey& key) {
  return fixture.store.load(fixture.keyring.store_id(key)).has_value();
}

bool has_payload(VaultFixture& fixture, const SecretKey& key) {
  return fixture.store.load_payload(fixture.keyring.store_id(key)).has_value();
}

}  // namespace

TEST_CASE("sweep: an unread secret expires at its TTL and is recorded") {
  VaultFixture fixture;
  const SecretKey key = fixture.create("hunter2", {}, 600s);
  fixture.clock.advance(599'999ms);
  CHECK(fixture.vault.sweep(100)->expired == 0);
  fixture.clock.advance(1ms);
  CHECK(fixture.vault.sweep(100)->expired == 1);
  CHECK(fixture.history() == std::vector<std::string>{"created 192.0.2.1", "expired -"});
  CHECK(fixture.vault.sweep(100)->purged == 1);
  CHECK_FALSE(has_entry(fixture, key));
}

TEST_CASE("sweep: an entry with a short TTL stays for 300 s, unreadable") {
  VaultFixture fixture;
  const SecretKey key = fixture.create("hunter2", {}, 1s);
  fixture.clock.advance(1s);
  CHECK(fixture.vault.sweep(100)->expired == 1);
  CHECK(fixture.retrieve(key) == "not found");
  fixture.clock.advance(298'999ms);
  CHECK(fixture.vault.sweep(100)->purged == 0);
  CHECK(has_entry(fixture, key));
  CHECK(has_payload(fixture, key));
  fixture.clock.advance(1ms);
  CHECK(fixture.vault.sweep(100)->purged == 1);
  CHECK_FALSE(has_entry(fixture, key));
  CHECK_FALSE(has_payload(fixture, key));
}

TEST_CASE("sweep: a spent secret loses its ciphertext at 300 s and its tombstone at its expiry") {
  VaultFixture fixture;
  const SecretKey key = fixture.create("hunter2", {}, 3600s);
  CHECK(fixture.retrieve(key) == "hunter2");
  fixture.clock.advance(299'999ms);
  CHECK(fixture.vault.sweep(100)->payloads_dropped == 0);
  CHECK(has_payload(fixture, key));
  fixture.clock.advance(1ms);
  CHECK(fixture.vault.sweep(100)->payloads_dropped == 1);
  CHECK_FALSE(has_payload(fixture, key));
  CHECK(fixture.retrieve(key) == "spent");
  fixture.clock.advance(3300s);
  CHECK(fixture.vault.sweep(100)->purged == 1);
  CHECK(fixture.retrieve(key) == "not found");
  CHECK(fixture.history().size() == 2);
}

TEST_CASE("sweep: does at most what it is told, earliest first, and goes on next time") {
  VaultFixture fixture;
  for (int i = 0; i < 10; ++i) {
    fixture.create("s", {}, std::chrono::seconds(10 + i));
  }
  fixture.clock.advance(60s);
  CHECK(fixture.vault.sweep(4)->expired == 4);
  CHECK(fixture.vault.sweep(4)->expired == 4);
  CHECK(fixture.vault.sweep(4)->expired == 2);
  CHECK(fixture.vault.sweep(4)->expired == 0);
}

}  // namespace disposable
