// Goal: creating again with the same idempotency key gives the same answer once and for all, and never another's.

#include <doctest/doctest.h>

#include <functional>
#include <set>
#include <thread>

#include "core/refusing_store.h"
#include "core/shared_fixture.h"

namespace disposable {

using namespace std::chrono_literals;

namespace {

struct IdempotentFixture : SharedFixture {
  using SharedFixture::SharedFixture;

  static NewSharedSecret order(const std::function<void(NewSharedSecret&)>& change = {}) {
    NewSharedSecret secret = fresh("hunter2", 2, "pass123", kProof);
    secret.idempotency_key = "order number 4711 of this day";
    std::erase(secret.idempotency_key, ' ');
    secret.principal = "token-1";
    if (change) {
      change(secret);
    }
    return secret;
  }
  // The key's text, or the name of the refusal.
  std::string create_text(NewSharedSecret secret) {
    const Held<Created> held = vault.create(std::move(secret), "192.0.2.1");
    return held.outcome ? std::string(as_text(held.outcome->key.format().expose())) : name(held.outcome.error().code);
  }
};

}  // namespace

TEST_CASE("idempotency: a repetition gets the same keys and times, and nothing is created or recorded") {
  IdempotentFixture fixture;
  const Created first = fixture.share(IdempotentFixture::order());
  fixture.clock.advance(10min);
  const Created again = fixture.share(IdempotentFixture::order());
  CHECK(equal_constant_time(first.key.expose(), again.key.expose()));
  CHECK(equal_constant_time(first.receipt.expose(), again.receipt.expose()));
  CHECK(first.expires_at == again.expires_at);
  CHECK(fixture.history().size() == 1);
  CHECK(fixture.read(again.key, {}, "pass123", SharedFixture::kProof) == "hunter2, 1 left");
  CHECK(as_text(fixture.share(IdempotentFixture::order()).key.format().expose()) ==
        as_text(first.key.format().expose()));
}

TEST_CASE("idempotency: who may store nothing more gets the answers of before, and nothing else") {
  IdempotentFixture fixture;
  const auto late = [](NewSharedSecret& secret) { secret.only_again = 7s; };
  CHECK(fixture.create_text(IdempotentFixture::order(late)) == "rate limited");
  CHECK(fixture.vault.create(IdempotentFixture::order(late), {}).outcome.error().retry_after == 7s);
  const Created first = fixture.share(IdempotentFixture::order());
  CHECK_FALSE(first.repeats);
  const Created again = fixture.share(IdempotentFixture::order(late));
  CHECK(again.repeats);
  CHECK(equal_constant_time(first.key.expose(), again.key.expose()));
  CHECK(fixture.history().size() == 1);

  const NewRequest request = std::move(*fixture.vault.create_request(1h, {}).outcome);
  const auto fill = [&](std::optional<std::chrono::seconds> only_again) {
    return fixture.vault.fill(request.fill_key, SecretBytes::copy_of(as_bytes("hunter2")), {},
                              std::string(kIdempotencyKeySizeMin, 'k'), only_again);
  };
  CHECK(fill(7s).outcome.error().code == Errc::kRateLimited);
  CHECK(fill(7s).outcome.error().retry_after == 7s);
  CHECK(fixture.vault.request_status(request.fill_key).outcome->stage == RequestStage::kWaiting);
  CHECK_FALSE(fill(std::nullopt).outcome->repeats);
  CHECK(fill(7s).outcome->repeats);
}

TEST_CASE("idempotency: the same key for anything else is refused, and the first secret stays as it is") {
  struct Row {
    const char* name;
    std::function<void(NewSharedSecret&)> change;
  };
  const Row rows[] = {
      {"secret", [](NewSharedSecret& secret) { secret.secret = SecretBytes::copy_of(as_bytes("hunter3")); }},
      {"views", [](NewSharedSecret& secret) { secret.views = 3; }},
      {"ttl", [](NewSharedSecret& secret) { secret.ttl += 1s; }},
      {"proof", [](NewSharedSecret& secret) { secret.access.proof = SecretBytes(kProofSize); }},
      {"no proof", [](NewSharedSecret& secret) { secret.access.proof = {}; }},
      {"passphrase", [](NewSharedSecret& secret) { secret.access.passphrase = SecretBytes::copy_of(as_bytes("p")); }},
      {"no passphrase", [](NewSharedSecret& secret) { secret.access.passphrase = {}; }},
  };
  IdempotentFixture fixture;
  const Created first = fixture.share(IdempotentFixture::order());
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(fixture.create_text(IdempotentFixture::order(row.change)) == "already exists");
  }
  CHECK(fixture.store.load(fixture.keyring.store_id(first.key))->version == 1);
}

TEST_CASE("idempotency: other principals and other keys are other secrets") {
  IdempotentFixture fixture;
  std::set<std::string> keys;
  keys.insert(fixture.create_text(IdempotentFixture::order()));
  keys.insert(
      fixture.create_text(IdempotentFixture::order([](NewSharedSecret& secret) { secret.principal = "token-2"; })));
  keys.insert(fixture.create_text(IdempotentFixture::order([](NewSharedSecret& secret) { secret.principal = ""; })));
  keys.insert(
      fixture.create_text(IdempotentFixture::order([](NewSharedSecret& secret) { secret.idempotency_key += "1"; })));
  // Principal and key are not simply joined.
  keys.insert(fixture.create_text(IdempotentFixture::order([](NewSharedSecret& secret) {
    secret.principal = "token-1" + secret.idempotency_key.substr(0, 1);
    secret.idempotency_key.erase(0, 1);
  })));
  CHECK(keys.size() == 5);
}

TEST_CASE("idempotency: what is spent or expired is not created again under the same key") {
  IdempotentFixture fixture;
  const Created read = fixture.share(IdempotentFixture::order([](NewSharedSecret& secret) { secret.views = 1; }));
  CHECK(fixture.record(read.key).repetition.has_value());
  CHECK(fixture.read(read.key, {}, "pass123", SharedFixture::kProof) == "hunter2, 0 left");
  CHECK_FALSE(fixture.record(read.key).repetition.has_value());
  CHECK(fixture.create_text(IdempotentFixture::order([](NewSharedSecret& secret) { secret.views = 1; })) ==
        "already exists");
  const auto other = [](NewSharedSecret& secret) { secret.principal = "token-2"; };
  fixture.share(IdempotentFixture::order(other));
  fixture.clock.advance(1h);
  CHECK(fixture.create_text(IdempotentFixture::order(other)) == "already exists");
}

TEST_CASE("idempotency: no passphrase is looked at while the secret is locked") {
  IdempotentFixture fixture;
  const Created first = fixture.share(IdempotentFixture::order());
  for (int i = 0; i < 5; ++i) {
    CHECK(fixture.read(first.key, {}, "wrong", SharedFixture::kProof) == "denied");
  }
  const auto guess = [](NewSharedSecret& secret) { secret.access.passphrase = SecretBytes::copy_of(as_bytes("p")); };
  CHECK(fixture.create_text(IdempotentFixture::order(guess)) == "locked");
  CHECK(fixture.create_text(IdempotentFixture::order()) == "locked");
  fixture.clock.advance(15min);
  CHECK(fixture.create_text(IdempotentFixture::order(guess)) == "already exists");
  CHECK(fixture.create_text(IdempotentFixture::order()).size() == SecretKey::kTextSize);
}

TEST_CASE("idempotency: a creation that was not confirmed is not acknowledged before it is") {
  IdempotentFixture fixture;
  RefusingStore store(fixture.store);
  Vault vault{Vault::Parts{store, fixture.keyring, fixture.clock, fixture.random, fixture.lane, Argon2Cost{1, 8192}}};
  const auto create = [&] {
    const Held<Created> held = vault.create(IdempotentFixture::order(), {});
    return held.outcome ? "created" : IdempotentFixture::name(held.outcome.error().code);
  };
  store.changes = RefusingStore::Changes::kUnconfirmed;
  CHECK(create() == "unavailable");
  CHECK(fixture.history().size() == 1);
  CHECK(create() == "unavailable");
  store.changes = RefusingStore::Changes::kDone;
  CHECK(create() == "created");
  CHECK(fixture.history().size() == 1);
}

TEST_CASE("idempotency: many at once are one") {
  IdempotentFixture fixture(PassphraseLane::Limits{.slots = 2, .waiting_max = 100});
  for (int round = 0; round < 10; ++round) {
    const auto change = [round](NewSharedSecret& secret) { secret.principal = std::to_string(round); };
    Mutex mutex;
    std::set<std::string> answers;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
          std::string answer = fixture.create_text(IdempotentFixture::order(change));
          const MutexLock lock(mutex);
          answers.insert(std::move(answer));
        });
      }
    }
    CHECK(answers.size() == 1);
    CHECK(answers.begin()->size() == SecretKey::kTextSize);
  }
  CHECK(fixture.history().size() == 10);
}

}  // namespace disposable
