// Goal: whoever lost the answer gets it again with the same claim, in time; nobody else does, and nothing more is
// spent.

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "core/shared_fixture.h"

namespace disposable {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

namespace {

constexpr std::string_view kClaim = SharedFixture::kClaim;
constexpr std::string_view kOther = SharedFixture::kOtherClaim;

}  // namespace

TEST_CASE("claim: the same one gets the same answer for a minute, though the secret is spent; all others do not") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2"));
  CHECK(fixture.read(created.key, kClaim) == "hunter2, 0 left");
  fixture.clock.advance(59'999ms);
  CHECK(fixture.read(created.key, kClaim) == "hunter2, 0 left");
  CHECK(fixture.read(created.key, kOther) == "spent");
  CHECK(fixture.read(created.key) == "spent");
  fixture.clock.advance(1ms);
  CHECK(fixture.read(created.key, kClaim) == "spent");
  CHECK(fixture.events() == Lines{R"(retrieved {"views_left":0})", R"(retrieved {"repeated":true,"views_left":0})"});
}

TEST_CASE("claim: of several views it takes one, and tells the number that it told before") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 3));
  CHECK(fixture.read(created.key, kClaim) == "hunter2, 2 left");
  CHECK(fixture.read(created.key, kOther) == "hunter2, 1 left");
  CHECK(fixture.read(created.key, kClaim) == "hunter2, 2 left");
  CHECK(fixture.read(created.key, kOther) == "hunter2, 1 left");
  CHECK(fixture.record(created.key).claims.size() == 2);
  fixture.clock.advance(60s);
  CHECK(fixture.read(created.key, kClaim) == "hunter2, 0 left");  // takes the next one
  CHECK(fixture.record(created.key).claims.size() == 1);
  CHECK(fixture.read(created.key, kOther) == "spent");
}

TEST_CASE("claim: it opens nothing without proof and passphrase, and a mistake counts, also when all is spent") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 1, "pass123", SharedFixture::kProof));
  const auto read = [&](std::string_view passphrase, std::string_view proof) {
    return fixture.read(created.key, kClaim, passphrase, proof);
  };
  CHECK(read("pass123", SharedFixture::kProof) == "hunter2, 0 left");
  CHECK(read("wrong", SharedFixture::kProof) == "denied");
  CHECK(read("pass123", "wrong") == "wrong proof");
  CHECK(read("pass123", SharedFixture::kProof) == "hunter2, 0 left");
  for (int i = 0; i < 3; ++i) {
    CHECK(read("", SharedFixture::kProof) == "denied");
  }
  CHECK(read("pass123", SharedFixture::kProof) == "locked");
  CHECK(fixture.read(created.key, kOther, "pass123", SharedFixture::kProof) == "spent");
  CHECK(fixture.store.totals().live_secrets == 0);
}

TEST_CASE("claim: it ends with deletion and expiry") {
  SharedFixture fixture;
  const Created deleted = fixture.share(SharedFixture::fresh("hunter2", 2));
  CHECK(fixture.read(deleted.key, kClaim) == "hunter2, 1 left");
  CHECK(fixture.erase(deleted.key) == "deleted");
  CHECK(fixture.read(deleted.key, kClaim) == "spent");
  CHECK(fixture.record(deleted.key).claims.empty());

  NewSharedSecret brief = SharedFixture::fresh("hunter2", 2);
  brief.ttl = 30s;
  const Created expired = fixture.share(std::move(brief));
  CHECK(fixture.read(expired.key, kClaim) == "hunter2, 1 left");
  fixture.clock.advance(29'999ms);
  CHECK(fixture.read(expired.key, kClaim) == "hunter2, 1 left");
  fixture.clock.advance(1ms);
  CHECK(fixture.read(expired.key, kClaim) == "not found");

  NewSharedSecret spent = SharedFixture::fresh("hunter2");
  spent.ttl = 30s;
  const Created last = fixture.share(std::move(spent));
  CHECK(fixture.read(last.key, kClaim) == "hunter2, 0 left");
  fixture.clock.advance(30s);
  CHECK(fixture.read(last.key, kClaim) == "spent");
}

TEST_CASE("claim: what it kept is wiped as soon as its time is over, by the sweeper or by who asks") {
  for (const bool swept : {true, false}) {
    CAPTURE(swept);
    SharedFixture fixture;
    const Created created = fixture.share(SharedFixture::fresh("hunter2", 1, "pass123", SharedFixture::kProof));
    fixture.clock.advance(10min);
    CHECK(fixture.read(created.key, kClaim, "pass123", SharedFixture::kProof) == "hunter2, 0 left");
    CHECK(fixture.has_payload(created.key));
    const Record open = fixture.record(created.key);
    CHECK(open.wrapped_key.empty());
    CHECK_FALSE(open.verifier.empty());
    CHECK(open.proof.has_value());
    CHECK(open.claims.size() == 1);
    fixture.clock.advance(59'999ms);
    CHECK(fixture.vault.sweep(10)->claims_closed == 0);
    fixture.clock.advance(1ms);
    if (swept) {
      CHECK(fixture.vault.sweep(10)->claims_closed == 1);
    } else {
      CHECK(fixture.read(created.key, kClaim, "pass123", SharedFixture::kProof) == "spent");
    }
    const Record closed = fixture.record(created.key);
    CHECK(closed.claims.empty());
    CHECK(closed.verifier.empty());
    CHECK_FALSE(closed.proof.has_value());
    CHECK_FALSE(fixture.has_payload(created.key));
    CHECK(fixture.vault.sweep(10)->skipped == 0);
    fixture.clock.advance(-60s);
    CHECK(fixture.read(created.key, kClaim, "pass123", SharedFixture::kProof) == "spent");
  }
}

TEST_CASE("claim: on a secret that is spent for long it is told so, though the epoch's key is gone") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2"));
  CHECK(fixture.read(created.key, kClaim) == "hunter2, 0 left");
  fixture.clock.advance(60s);
  CHECK(fixture.vault.sweep(10)->claims_closed == 1);
  REQUIRE(fixture.keyring.begin_epoch(fixture.random).has_value());
  fixture.keyring.destroy_epochs_before(2);
  CHECK(fixture.read(created.key, kClaim) == "spent");
  CHECK(fixture.vault.receipt(created.receipt).outcome->stage == Stage::kRetrieved);
}

TEST_CASE("claim: nor is the key asked for by who comes before the sweeper") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2"));
  CHECK(fixture.read(created.key, kClaim) == "hunter2, 0 left");
  fixture.clock.advance(60s);
  REQUIRE(fixture.keyring.begin_epoch(fixture.random).has_value());
  fixture.keyring.destroy_epochs_before(2);
  CHECK(fixture.read(created.key, kClaim) == "spent");
  CHECK(fixture.record(created.key).claims.empty());
}

TEST_CASE("claim: its answer is repeated twenty times and recorded as often, and then no more") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 2));
  for (int i = 0; i < 21; ++i) {
    CHECK(fixture.read(created.key, kClaim) == "hunter2, 1 left");
  }
  fixture.clock.advance(20s);
  const std::size_t recorded = fixture.events().size();
  const auto refusal = [&] { return fixture.vault.retrieve(created.key, {}, as_bytes(kClaim), {}).outcome.error(); };
  CHECK(refusal().code == Errc::kRateLimited);  // and then it takes the other view
  CHECK(refusal().retry_after == 40s);
  CHECK(fixture.events().size() == recorded);
  CHECK(fixture.read(created.key, kOther) == "hunter2, 0 left");
  CHECK(refusal().code == Errc::kSpent);  // there is nothing to wait for
  CHECK(fixture.read(created.key, kOther) == "hunter2, 0 left");
  fixture.clock.advance(40s);
  CHECK(fixture.read(created.key, kClaim) == "spent");
}

TEST_CASE("claim: an answer says whether it can be had again") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 2));
  const SecretKey of_v1 = fixture.create("hunter2", {});
  const auto repeatable = [&](const SecretKey& key, std::string_view claim) {
    return fixture.vault.retrieve(key, {}, as_bytes(claim), {}).outcome->repeatable;
  };
  CHECK(repeatable(created.key, kClaim));
  CHECK(repeatable(created.key, kClaim));
  CHECK_FALSE(repeatable(created.key, {}));
  CHECK_FALSE(repeatable(of_v1, kClaim));
}

TEST_CASE("claim: of a live secret the sweeper closes it, and the secret stays") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2", 2));
  CHECK(fixture.read(created.key, kClaim) == "hunter2, 1 left");
  fixture.clock.advance(60s);
  CHECK(fixture.vault.sweep(10)->claims_closed == 1);
  CHECK(fixture.record(created.key).claims.empty());
  CHECK(fixture.read(created.key, kClaim) == "hunter2, 0 left");
}

TEST_CASE("claim: one whose payload is gone is answered as a broken record, and nothing is changed") {
  SharedFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2"));
  CHECK(fixture.read(created.key, kClaim) == "hunter2, 0 left");
  const StoreId id = fixture.keyring.store_id(created.key);
  const Loaded loaded = fixture.store.load(id).value();
  REQUIRE(fixture.store.replace(id, loaded.version, {loaded.record, WallTime{}}, Payload::kDrop, {}).has_value());
  CHECK(fixture.read(created.key, kClaim) == "corrupt");
  CHECK(fixture.store.load(id)->version == loaded.version + 1);
}

TEST_CASE("race: one claim from many threads takes one view, and all get the same answer") {
  SharedFixture fixture;
  for (int round = 0; round < 20; ++round) {
    for (const int views : {1, 5}) {
      const Created created = fixture.share(SharedFixture::fresh("hunter2", views));
      const std::string expected = "hunter2, " + std::to_string(views - 1) + " left";
      std::atomic<int> same{0};
      {
        std::vector<std::jthread> readers;
        for (int i = 0; i < 12; ++i) {
          readers.emplace_back([&] { same += fixture.read(created.key, kClaim) == expected ? 1 : 0; });
        }
      }
      CHECK(same == 12);
      CHECK(fixture.record(created.key).views_left == views - 1);
    }
  }
}

}  // namespace disposable
