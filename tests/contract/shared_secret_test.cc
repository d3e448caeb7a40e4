// Goal: what API v2 keeps in a record holds on every store and over a restart.

#include <doctest/doctest.h>

#include "contract/harness.h"
#include "core/vault.h"
#include "support/fakes.h"

namespace disposable {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view kClaim = "a claim of a reader";

// A vault over a store that may be opened anew.
struct Node {
  explicit Node(SecretStore& store) : store_(store) {}

  ManualClock clock;
  SeededRandom random{1};
  Keyring keyring = Keyring::generate(random);
  PassphraseLane lane{PassphraseLane::Limits{}};

  Vault vault() { return Vault(Vault::Parts{store_, keyring, clock, random, lane, Argon2Cost{1, 8192}}); }
  Created share(int views) {
    NewSharedSecret secret;
    secret.secret = SecretBytes(5'000);
    secret.views = views;
    secret.access.passphrase = SecretBytes::copy_of(as_bytes("pass123"));
    Held<Created> held = vault().create(std::move(secret), {});
    REQUIRE(held.outcome.has_value());
    REQUIRE(held.ticket.wait().has_value());
    return std::move(*held.outcome);
  }
  // The views that are left, or -1 when it is spent.
  int read(const SecretKey& key, std::string_view claim) {
    const Access access{{}, SecretBytes::copy_of(as_bytes("pass123"))};
    const Held<Revealed> held = vault().retrieve(key, access, as_bytes(claim), {});
    REQUIRE(held.ticket.wait().has_value());
    if (!held.outcome) {
      CHECK(held.outcome.error().code == Errc::kSpent);
      return -1;
    }
    CHECK(held.outcome->secret.size() == 5'000);
    return held.outcome->views_left;
  }

 private:
  SecretStore& store_;
};

}  // namespace

TEST_CASE_TEMPLATE("shared secret: views and claims are the same after a restart", Harness, EVERY_STORE) {
  Harness harness;
  Node before(harness.store());
  const Created created = before.share(2);
  CHECK(before.read(created.key, kClaim) == 1);
  CHECK(before.read(created.key, "another reader's claim") == 0);
  harness.reopen();

  Node after(harness.store());
  CHECK(after.keyring.check_value() == before.keyring.check_value());
  CHECK(after.read(created.key, kClaim) == 1);
  CHECK(after.read(created.key, "another reader's claim") == 0);
  CHECK(after.read(created.key, "a third reader's claim") == -1);
  CHECK(harness.totals().live_secrets == 0);
  after.clock.advance(60s);
  const Result<SweepReport> swept = after.vault().sweep(10);
  REQUIRE(swept.has_value());
  CHECK(swept->claims_closed == 1);
  CHECK(after.read(created.key, kClaim) == -1);
  const Held<Status> receipt = after.vault().receipt(created.receipt);
  REQUIRE(receipt.outcome.has_value());
  CHECK(receipt.outcome->stage == Stage::kRetrieved);
  CHECK(receipt.outcome->bytes == 5'000);
}

TEST_CASE_TEMPLATE("shared secret: a request is filled once, also over a restart, and counts for no secret", Harness,
                   EVERY_STORE) {
  Harness harness;
  Node before(harness.store());
  const Held<NewRequest> request = before.vault().create_request(1h, {});
  REQUIRE(request.outcome.has_value());
  REQUIRE(request.ticket.wait().has_value());
  CHECK(harness.totals() == StoreTotals{0, 0});
  const SecretKey& fill_key = request.outcome->fill_key;
  harness.reopen();

  Node after(harness.store());
  CHECK(after.vault().request_status(fill_key).outcome->stage == RequestStage::kWaiting);
  const Held<Created> filled = after.vault().fill(fill_key, SecretBytes(2'000), {});
  REQUIRE(filled.outcome.has_value());
  REQUIRE(filled.ticket.wait().has_value());
  CHECK(after.vault().fill(fill_key, SecretBytes(2'000), {}).outcome.error().code == Errc::kAlreadyExists);
  CHECK(harness.totals().live_secrets == 1);
  CHECK(after.vault().delete_request(fill_key, request.outcome->request_key, {}).outcome.has_value());
  CHECK(after.vault().request_status(fill_key).outcome->stage == RequestStage::kDeleted);
  CHECK(after.vault().status(request.outcome->request_key).outcome->stage == Stage::kDeleted);
  CHECK(harness.totals().live_secrets == 0);
}

}  // namespace disposable
