// Goal: a request is filled once, read by its asker only, and its status, like a secret's and a receipt's, spends
// nothing.

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "core/refusing_store.h"
#include "core/shared_fixture.h"

namespace disposable {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

namespace {

struct RequestFixture : SharedFixture {
  NewRequest ask() {
    Held<NewRequest> held = vault.create_request(1h, "192.0.2.1");
    check(held.outcome.has_value(), "the fixture asks");
    return std::move(*held.outcome);
  }
  std::string fill(const SecretKey& fill_key, std::string_view text, std::string idempotency_key = {}) {
    const Held<Created> held =
        vault.fill(fill_key, SecretBytes::copy_of(as_bytes(text)), "192.0.2.4", std::move(idempotency_key));
    return held.outcome ? "filled" : name(held.outcome.error().code);
  }
  std::string status(const SecretKey& fill_key) {
    const Held<RequestStatus> held = vault.request_status(fill_key);
    return held.outcome ? std::string(kStages.at(static_cast<std::size_t>(held.outcome->stage)))
                        : name(held.outcome.error().code);
  }
  std::string withdraw(const SecretKey& fill_key, const SecretKey& request_key) {
    const Held<WallTime> held = vault.delete_request(fill_key, request_key, "192.0.2.1");
    return held.outcome ? "deleted" : name(held.outcome.error().code);
  }

  static constexpr std::array<std::string_view, 4> kStages{"waiting", "filled", "deleted", "expired"};
};

struct StatusFixture : SharedFixture {
  std::string stage(const Held<Status>& held) {
    constexpr std::array<std::string_view, 4> kStages{"live", "retrieved", "deleted", "expired"};
    return held.outcome ? std::string(kStages.at(static_cast<std::size_t>(held.outcome->stage)))
                        : name(held.outcome.error().code);
  }
  // By the key and by the receipt, which must agree.
  std::string stage(const Created& created) {
    const std::string by_key = stage(vault.status(created.key));
    const std::string by_receipt = stage(vault.receipt(created.receipt));
    return by_key == by_receipt ? by_key : by_key + " and " + by_receipt;
  }
};

}  // namespace

TEST_CASE("request: is filled once, with its time anew, and read by the request key") {
  RequestFixture fixture;
  const NewRequest request = fixture.ask();
  CHECK(fixture.status(request.fill_key) == "waiting");
  fixture.clock.advance(59min);
  const WallTime now = fixture.clock.now();
  const Held<Created> filled = fixture.vault.fill(request.fill_key, SecretBytes::copy_of(as_bytes("hunter2")), "::1");
  REQUIRE(filled.outcome.has_value());
  CHECK(filled.outcome->expires_at == now + 1h);
  CHECK(fixture.fill(request.fill_key, "another") == "already exists");
  CHECK(fixture.vault.request_status(request.fill_key).outcome->expires_at == now + 1h);
  fixture.clock.advance(59min);
  CHECK(fixture.status(request.fill_key) == "filled");
  CHECK(fixture.fill(request.fill_key, "another") == "not found");
  CHECK(fixture.read(request.request_key) == "hunter2, 0 left");
  CHECK(fixture.status(request.fill_key) == "filled");
  CHECK(fixture.vault.receipt(filled.outcome->receipt).outcome->stage == Stage::kRetrieved);
}

TEST_CASE("request: the fill key reads nothing, and neither API takes a request for a secret") {
  RequestFixture fixture;
  const NewRequest request = fixture.ask();
  for (const bool filled : {false, true}) {
    CAPTURE(filled);
    if (filled) {
      CHECK(fixture.fill(request.fill_key, "hunter2") == "filled");
    }
    CHECK(fixture.read(request.fill_key) == "not found");
    CHECK(fixture.erase(request.fill_key) == "not found");
    CHECK(fixture.retrieve(request.fill_key) == "not found");
    CHECK(fixture.delete_secret(request.fill_key) == "not found");
    CHECK(fixture.vault.status(request.fill_key).outcome.error().code == Errc::kNotFound);
  }
  CHECK(fixture.fill(request.request_key, "x") == "not found");
  CHECK(fixture.status(request.request_key) == "not found");
  CHECK(fixture.read(request.request_key) == "hunter2, 0 left");
}

TEST_CASE("request: deletion needs both keys, and takes what was filled in along") {
  RequestFixture fixture;
  const NewRequest empty = fixture.ask();
  const NewRequest filled = fixture.ask();
  CHECK(fixture.fill(filled.fill_key, "hunter2") == "filled");
  CHECK(fixture.withdraw(empty.fill_key, filled.request_key) == "not found");
  CHECK(fixture.withdraw(empty.fill_key, empty.fill_key) == "not found");
  for (const NewRequest* request : {&empty, &filled}) {
    CHECK(fixture.withdraw(request->fill_key, request->request_key) == "deleted");
    CHECK(fixture.withdraw(request->fill_key, request->request_key) == "spent");
    CHECK(fixture.status(request->fill_key) == "deleted");
    CHECK(fixture.fill(request->fill_key, "late") == "spent");
  }
  CHECK(fixture.read(filled.request_key) == "spent");
  CHECK(fixture.events() == Lines{R"(deleted {"request":true})", R"(deleted {"request":true})", "deleted {}"});
  CHECK(fixture.store.totals().live_secrets == 0);
}

TEST_CASE("request: whoever withdraws it after somebody has read what was filled in is told that it is too late") {
  RequestFixture fixture;
  const NewRequest read = fixture.ask();
  CHECK(fixture.fill(read.fill_key, "hunter2") == "filled");
  CHECK(fixture.read(read.request_key) == "hunter2, 0 left");
  for (int i = 0; i < 2; ++i) {
    CHECK(fixture.withdraw(read.fill_key, read.request_key) == "spent");
    CHECK(fixture.status(read.fill_key) == "filled");
    CHECK(fixture.vault.status(read.request_key).outcome->stage == Stage::kRetrieved);
  }
  CHECK(fixture.events() == Lines{R"(retrieved {"views_left":0})"});

  RefusingStore store(fixture.store);
  Vault slow{Vault::Parts{store, fixture.keyring, fixture.clock, fixture.random, fixture.lane, Argon2Cost{1, 8192}}};
  const NewRequest meanwhile = fixture.ask();
  CHECK(fixture.fill(meanwhile.fill_key, "hunter2") == "filled");
  store.on_change = [&] { CHECK(fixture.read(meanwhile.request_key) == "hunter2, 0 left"); };
  const Held<WallTime> late = slow.delete_request(meanwhile.fill_key, meanwhile.request_key, {});
  REQUIRE_FALSE(late.outcome.has_value());
  CHECK(late.outcome.error().code == Errc::kSpent);
  CHECK(fixture.status(meanwhile.fill_key) == "filled");
}

TEST_CASE("request: what was filled in and deleted by its receipt is withdrawn in time") {
  RequestFixture fixture;
  const NewRequest request = fixture.ask();
  const Held<Created> filled = fixture.vault.fill(request.fill_key, SecretBytes::copy_of(as_bytes("hunter2")), {});
  CHECK(fixture.vault.delete_by_receipt(filled.outcome->receipt, {}).outcome.has_value());
  CHECK(fixture.withdraw(request.fill_key, request.request_key) == "deleted");
  CHECK(fixture.status(request.fill_key) == "deleted");
}

TEST_CASE("request: unfilled it expires, is told of for a month, and is forgotten") {
  RequestFixture fixture;
  const NewRequest request = fixture.ask();
  fixture.clock.advance(1h);
  CHECK(fixture.status(request.fill_key) == "expired");
  CHECK(fixture.fill(request.fill_key, "late") == "not found");
  CHECK(fixture.events() == Lines{R"(expired {"request":true})"});
  fixture.clock.advance(24h * 30 - 1ms);
  CHECK(fixture.status(request.fill_key) == "expired");
  fixture.clock.advance(1ms);
  CHECK(fixture.status(request.fill_key) == "not found");
  CHECK(fixture.vault.sweep(10)->purged == 1);
  CHECK(fixture.vault.create_request(0s, {}).outcome.error().code == Errc::kInvalidArgument);
}

TEST_CASE("request: what was filled in can be deleted by its asker though the request has expired") {
  RequestFixture fixture;
  const NewRequest request = fixture.ask();
  fixture.clock.advance(59min);
  CHECK(fixture.fill(request.fill_key, "hunter2") == "filled");
  fixture.clock.advance(30min);
  CHECK(fixture.withdraw(request.fill_key, request.request_key) == "deleted");
  CHECK(fixture.read(request.request_key) == "spent");
}

TEST_CASE("request: who fills it again with the same key and bytes gets the same answer, and nobody else does") {
  RequestFixture fixture;
  const NewRequest request = fixture.ask();
  const std::string key = "of this filling alone";
  std::string visible = key;
  std::replace(visible.begin(), visible.end(), ' ', '-');
  fixture.clock.advance(59min);
  const auto fill = [&](std::string_view text) {
    return fixture.vault.fill(request.fill_key, SecretBytes::copy_of(as_bytes(text)), {}, visible);
  };
  const Held<Created> first = fill("hunter2");
  REQUIRE(first.outcome.has_value());
  for (int minutes = 0; minutes < 3; ++minutes) {  // beyond the request's own time
    CAPTURE(minutes);
    const Held<Created> again = fill("hunter2");
    REQUIRE(again.outcome.has_value());
    CHECK(equal_constant_time(again.outcome->receipt.expose(), first.outcome->receipt.expose()));
    CHECK(again.outcome->expires_at == first.outcome->expires_at);
    const std::string other = minutes == 0 ? "already exists" : "not found";
    CHECK(fixture.fill(request.fill_key, "hunter3", visible) == other);
    CHECK(fixture.fill(request.fill_key, "hunter2", visible + "x") == other);
    CHECK(fixture.fill(request.fill_key, "hunter2") == other);
    fixture.clock.advance(1min);
  }
  CHECK(fixture.fill(request.fill_key, "hunter2", key) == "unexpected error");  // no visible ASCII
  CHECK(fixture.read(request.request_key) == "hunter2, 0 left");
  CHECK(fixture.fill(request.fill_key, "hunter2", visible) == "not found");
  CHECK(fixture.history().size() == 4);  // asked, filled, expired, retrieved
}

TEST_CASE("request: a filling without a key, or one that is collected or withdrawn, is not repeated") {
  RequestFixture fixture;
  const std::string key(kIdempotencyKeySizeMin, 'k');
  const NewRequest without = fixture.ask();
  CHECK(fixture.fill(without.fill_key, "hunter2") == "filled");
  CHECK(fixture.fill(without.fill_key, "hunter2") == "already exists");
  CHECK(fixture.fill(without.fill_key, "hunter2", key) == "already exists");
  const NewRequest collected = fixture.ask();
  CHECK(fixture.fill(collected.fill_key, "hunter2", key) == "filled");
  CHECK(fixture.read(collected.request_key) == "hunter2, 0 left");
  CHECK(fixture.fill(collected.fill_key, "hunter2", key) == "already exists");
  const NewRequest withdrawn = fixture.ask();
  CHECK(fixture.fill(withdrawn.fill_key, "hunter2", key) == "filled");
  CHECK(fixture.withdraw(withdrawn.fill_key, withdrawn.request_key) == "deleted");
  CHECK(fixture.fill(withdrawn.fill_key, "hunter2", key) == "spent");
}

TEST_CASE("request: a filling that was not confirmed is not acknowledged before it is") {
  RequestFixture fixture;
  RefusingStore store(fixture.store);
  Vault vault{Vault::Parts{store, fixture.keyring, fixture.clock, fixture.random, fixture.lane, Argon2Cost{1, 8192}}};
  const NewRequest request = fixture.ask();
  const auto fill = [&] {
    return vault
        .fill(request.fill_key, SecretBytes::copy_of(as_bytes("hunter2")), {}, std::string(kIdempotencyKeySizeMin, 'k'))
        .outcome.has_value();
  };
  store.changes = RefusingStore::Changes::kUnconfirmed;
  CHECK_FALSE(fill());
  CHECK_FALSE(fill());
  store.changes = RefusingStore::Changes::kDone;
  CHECK(fill());
  CHECK(fixture.history().size() == 2);
}

TEST_CASE("request: of many who fill at once one does, and of a deletion meanwhile nothing is left to read") {
  RequestFixture fixture;
  for (int round = 0; round < 30; ++round) {
    const NewRequest request = fixture.ask();
    std::atomic<int> filled{0};
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] { filled += fixture.fill(request.fill_key, "hunter2") == "filled" ? 1 : 0; });
      }
      if (round % 2 == 1) {
        threads.emplace_back([&] { CHECK(fixture.withdraw(request.fill_key, request.request_key) == "deleted"); });
      }
    }
    if (round % 2 == 0) {
      CHECK(filled == 1);
    } else {
      CHECK(filled <= 1);
      CHECK(fixture.read(request.request_key) != "hunter2, 0 left");
    }
  }
}

TEST_CASE("request: who began to fill it before it was withdrawn comes too late") {
  RequestFixture fixture;
  RefusingStore store(fixture.store);
  Vault slow{Vault::Parts{store, fixture.keyring, fixture.clock, fixture.random, fixture.lane, Argon2Cost{1, 8192}}};
  const NewRequest request = fixture.ask();
  store.on_change = [&] {
    CHECK(fixture.withdraw(request.fill_key, request.request_key) == "deleted");
    CHECK(fixture.status(request.fill_key) == "deleted");
  };
  const Held<Created> late = slow.fill(request.fill_key, SecretBytes::copy_of(as_bytes("hunter2")), {});
  REQUIRE_FALSE(late.outcome.has_value());
  CHECK(late.outcome.error().code == Errc::kSpent);
  CHECK(fixture.read(request.request_key) == "spent");
  CHECK(fixture.status(request.fill_key) == "deleted");
  CHECK(fixture.withdraw(request.fill_key, request.request_key) == "spent");
  CHECK(fixture.store.totals().live_secrets == 0);
  fixture.clock.advance(1h + 24h * 30);
  CHECK(fixture.vault.sweep(10)->purged == 2);
}

TEST_CASE("request: a withdrawal that failed half way does not hide what there is to read, and can be repeated") {
  RequestFixture fixture;
  RefusingStore store(fixture.store);
  Vault failing{Vault::Parts{store, fixture.keyring, fixture.clock, fixture.random, fixture.lane, Argon2Cost{1, 8192}}};
  for (const bool filled : {false, true}) {
    CAPTURE(filled);
    const NewRequest request = fixture.ask();
    CHECK((!filled || fixture.fill(request.fill_key, "hunter2") == "filled"));
    store.changes = RefusingStore::Changes::kUnconfirmed;
    CHECK(failing.delete_request(request.fill_key, request.request_key, {}).outcome.error().code == Errc::kUnavailable);
    CHECK(fixture.status(request.fill_key) == (filled ? "filled" : "deleted"));
    CHECK(fixture.withdraw(request.fill_key, request.request_key) == (filled ? "deleted" : "spent"));
    CHECK(fixture.status(request.fill_key) == "deleted");
    CHECK(fixture.read(request.request_key) == "spent");
  }
}

TEST_CASE("status: tells all that the creator chose, and spends nothing") {
  StatusFixture fixture;
  const WallTime start = fixture.clock.now();
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 3, "pass123", SharedFixture::kProof));
  for (int i = 0; i < 3; ++i) {
    const Held<Status> held = fixture.vault.status(created.key);
    REQUIRE(held.outcome.has_value());
    CHECK(held.outcome->stage == Stage::kLive);
    CHECK(held.outcome->created_at == start);
    CHECK(held.outcome->expires_at == start + 1h);
    CHECK_FALSE(held.outcome->changed_at);
    CHECK(held.outcome->views == 3);
    CHECK(held.outcome->views_left == 3);
    CHECK(held.outcome->passphrase);
    CHECK(held.outcome->proof);
    CHECK(held.outcome->bytes == 7);
    CHECK_FALSE(held.outcome->locked_until);
  }
  fixture.clock.advance(5s);
  CHECK(fixture.read(created.key, {}, "pass123", SharedFixture::kProof) == "hunter2, 2 left");
  CHECK(fixture.vault.status(created.key).outcome->changed_at == start + 5s);
  CHECK(fixture.vault.status(created.key).outcome->views_left == 2);
  for (int i = 0; i < 5; ++i) {
    fixture.read(created.key);
  }
  CHECK(fixture.vault.receipt(created.receipt).outcome->locked_until == start + 5s + 15min);
  CHECK(fixture.store.load(fixture.keyring.store_id(created.key))->version == 7);
}

TEST_CASE("status: of a secret of API v1") {
  StatusFixture fixture;
  const SecretKey key = fixture.create("hunter2", "pass123");
  const Status live = fixture.vault.status(key).outcome.value();
  CHECK(live.views == 1);
  CHECK(live.views_left == 1);
  CHECK(live.passphrase);
  CHECK_FALSE(live.proof);
  CHECK(live.bytes == 7);
  CHECK(fixture.read(key) == "hunter2, 0 left");
  const Status spent = fixture.vault.status(key).outcome.value();
  CHECK(spent.stage == Stage::kRetrieved);
  CHECK(spent.views_left == 0);
  CHECK_FALSE(spent.changed_at);
  fixture.clock.advance(300s);
  CHECK(fixture.stage(fixture.vault.status(key)) == "not found");
}

TEST_CASE("receipt: outlives the secret by 30 days, whatever became of it") {
  StatusFixture fixture;
  const Created read = fixture.share(SharedFixture::fresh("a"));
  const Created deleted = fixture.share(SharedFixture::fresh("b"));
  const Created expired = fixture.share(SharedFixture::fresh("c"));
  CHECK(fixture.read(read.key) == "a, 0 left");
  CHECK(fixture.erase(deleted.key) == "deleted");
  fixture.clock.advance(1h);
  const auto check_all = [&] {
    CHECK(fixture.stage(read) == "retrieved");
    CHECK(fixture.stage(deleted) == "deleted");
    CHECK(fixture.stage(expired) == "expired");
  };
  check_all();
  CHECK(fixture.events().back() == "expired {}");
  while (fixture.vault.sweep(10)->payloads_dropped > 0) {
  }
  fixture.clock.advance(24h * 30 - 1ms);
  CHECK(fixture.vault.sweep(10)->purged == 0);
  check_all();
  CHECK(fixture.read(read.key) == "spent");
  CHECK(fixture.read(expired.key) == "not found");
  fixture.clock.advance(1ms);
  CHECK(fixture.stage(read) == "not found");
  CHECK(fixture.vault.sweep(10)->purged == 3);
  CHECK(fixture.stage(read) == "not found");
}

TEST_CASE("receipt: deletes without proof, passphrase or regard to a lock, and opens nothing") {
  StatusFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 2, "pass123", SharedFixture::kProof));
  for (int i = 0; i < 5; ++i) {
    fixture.read(created.key);
  }
  fixture.clock.advance(1s);
  const Held<WallTime> held = fixture.vault.delete_by_receipt(created.receipt, "192.0.2.9");
  REQUIRE(held.outcome.has_value());
  CHECK(*held.outcome == fixture.clock.now());
  CHECK(fixture.vault.receipt(created.receipt).outcome->changed_at == *held.outcome);
  CHECK(fixture.stage(created) == "deleted");
  CHECK(fixture.words(fixture.vault.delete_by_receipt(created.receipt, {})) == "spent");
  CHECK(fixture.history().back() == "deleted 192.0.2.9");
}

TEST_CASE("receipt: a forged one is not found, also when it names a secret that is there") {
  StatusFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2"));
  const ReceiptKey forged(fixture.keyring.store_id(created.key), std::array<std::uint8_t, ReceiptKey::kMacSize>{});
  CHECK(fixture.stage(fixture.vault.receipt(forged)) == "not found");
  CHECK(fixture.words(fixture.vault.delete_by_receipt(forged, {})) == "not found");
  CHECK(fixture.stage(created) == "live");
}

}  // namespace disposable
