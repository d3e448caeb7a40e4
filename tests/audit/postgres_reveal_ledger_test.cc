// Goal: of all who claim a secret exactly one gets it, whatever happens to the server, and nobody waits for long.
// Method: a real server; a proxy that loses requests and answers; a clock of our own. Many who ask at once are in
// postgres_race_test.cc.

#include <poll.h>

#include "audit/lossy_proxy.h"
#include "audit/reveal_ledger_fixture.h"

namespace disposable {
namespace {

// Asks until `holds` or ten seconds have passed.
template <class Condition>
bool eventually(const Condition& holds) {
  for (int attempt = 0; attempt < 500; ++attempt) {
    if (holds()) {
      return true;
    }
    ::poll(nullptr, 0, 20);
  }
  return false;
}

// Commits wait for a standby that never comes, for as long as this lives.
class NoStandby {
 public:
  explicit NoStandby(const LedgerFixture& fixture) : fixture_(fixture) {
    // The server takes the setting up some time later: a ledger that always commits shows when.
    LedgerFixture other;
    const Ledger probe = other.open({.clean_every = std::chrono::milliseconds(5)});
    set("'nobody'");
    CHECK(eventually(
        [&] { return fixture.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") != "0"; }));
  }
  ~NoStandby() { set("''"); }
  NoStandby(const NoStandby&) = delete;
  NoStandby& operator=(const NoStandby&) = delete;

 private:
  void set(const std::string& names) const {
    fixture_.sql("ALTER SYSTEM SET synchronous_standby_names = " + names);
    fixture_.sql("SELECT pg_reload_conf()");
  }
  const LedgerFixture& fixture_;
};

TEST_CASE("claim: the first has it, as often as it asks, and nobody else") {
  LedgerFixture fixture;
  const WallTime expiry = fixture.in(std::chrono::hours(1));
  for (int round = 0; round < 2; ++round) {
    const Ledger ledger = fixture.open();
    CHECK(ledger->claim(secret(1), claim(1), expiry).value());
    CHECK(ledger->claim(secret(1), claim(1), expiry).value());
    CHECK_FALSE(ledger->claim(secret(1), claim(2), expiry).value());
    CHECK(ledger->claim(secret(2), claim(2), expiry).value());
    CHECK(ledger->ready());
  }
}

TEST_CASE("claim: a request or an answer that is lost is asked again, and the answer is the same") {
  for (const LossyProxy::Loss loss : {LossyProxy::Loss::kRequest, LossyProxy::Loss::kAnswer}) {
    LedgerFixture fixture;
    const WallTime expiry = fixture.in(std::chrono::hours(1));
    LossyProxy proxy(PostgresServer::shared().port());
    const Ledger ledger =
        fixture.open(parsed_url("postgresql://owner@127.0.0.1:" + std::to_string(proxy.port()) +
                                "/postgres?sslmode=disable&options=-csearch_path%3D" + fixture.schema));
    const Ledger other = fixture.open();
    REQUIRE(other->claim(secret(2), claim(9), expiry).value());
    for (const std::uint8_t number : {std::uint8_t{1}, std::uint8_t{2}}) {
      proxy.lose(loss, "INSERT INTO reveal_ledger");
      CHECK(ledger->claim(secret(number), claim(1), expiry).value() == (number == 1));
    }
    CHECK(proxy.losses() == 2);
    CHECK_FALSE(other->claim(secret(1), claim(9), expiry).value());
    CHECK(ledger->ready());
  }
}

TEST_CASE("claim: an ended connection is made again without a failure") {
  LedgerFixture fixture;
  const Ledger ledger = fixture.open();
  for (std::uint8_t number = 0; number < 5; ++number) {
    CHECK(ledger->claim(secret(number), claim(1), fixture.in(std::chrono::hours(1))).value());
    fixture.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'owner'");
  }
}

TEST_CASE("claim: fails fast while the server is away, and works when it is back") {
  LedgerFixture fixture;
  const Ledger ledger = fixture.open({.clean_every = std::chrono::milliseconds(50)});
  PostgresServer::shared().stop();
  CHECK(eventually([&] { return !ledger->ready(); }));
  const auto begin = std::chrono::steady_clock::now();
  for (int attempt = 0; attempt < 100; ++attempt) {
    const Result<bool> refused = ledger->claim(secret(1), claim(1), fixture.in(std::chrono::hours(1)));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::kUnavailable);
    CHECK(refused.error().detail.find('\n') == std::string::npos);
  }
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(1));
  PostgresServer::shared().start();
  CHECK(eventually([&] { return ledger->ready().has_value(); }));
  CHECK(ledger->claim(secret(1), claim(1), fixture.in(std::chrono::hours(1))).value());
}

TEST_CASE("claim: waits no longer than its time for a frozen server, and what it left goes") {
  LedgerFixture fixture;
  const WallTime expiry = fixture.in(std::chrono::hours(1));
  const Ledger ledger = fixture.open({.answer = std::chrono::milliseconds(300)});
  PostgresServer::shared().freeze();
  const auto begin = std::chrono::steady_clock::now();
  const Result<bool> unknown = ledger->claim(secret(1), claim(1), expiry);
  const auto taken = std::chrono::steady_clock::now() - begin;
  PostgresServer::shared().thaw();
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Errc::kUnavailable);
  CHECK(taken < std::chrono::seconds(2));
  CHECK(eventually([&] { return ledger->claim(secret(1), claim(2), expiry).value_or(false); }));
  CHECK_FALSE(ledger->claim(secret(1), claim(3), expiry).value());
}

TEST_CASE("claim: of many rows for good it counts those that are its own, and asks for all of them at once") {
  LedgerFixture fixture;
  const WallTime expiry = fixture.in(std::chrono::hours(1));
  const Ledger ledger = fixture.open();
  std::vector<StoreId> rows;
  for (std::uint8_t number = 1; number <= 100; ++number) {
    rows.push_back(secret(number));
  }
  REQUIRE(ledger->claim(secret(7), claim(2), expiry).value());
  const auto transactions = [&] {
    return std::stoi(
        fixture.sql("SELECT count(DISTINCT xmin::text) FROM reveal_ledger WHERE secret <> "
                    "decode(repeat('00', 32), 'hex')"));
  };
  CHECK(ledger->claim_for_good(rows, claim(1), expiry).value() == 99);
  CHECK(transactions() == 2);
  CHECK(ledger->claim_for_good(rows, claim(1), expiry).value() == 99);
  CHECK(ledger->claim_for_good(rows, claim(3), expiry).value() == 0);
}

TEST_CASE("claim: for good it is not given back when it is unanswered, and its name gets it again") {
  LedgerFixture fixture;
  const WallTime expiry = fixture.in(std::chrono::hours(1));
  const Ledger ledger = fixture.open({.answer = std::chrono::milliseconds(300)});
  PostgresServer::shared().freeze();
  const StoreId row = secret(1);
  const Result<std::size_t> unknown = ledger->claim_for_good({&row, 1}, claim(1), expiry);
  PostgresServer::shared().thaw();
  REQUIRE_FALSE(unknown);
  CHECK(eventually([&] { return ledger->claim_for_good({&row, 1}, claim(1), expiry).value_or(0) == 1; }));
  CHECK(ledger->claim(secret(2), claim(2), expiry).value());  // nothing is given back before it either
  CHECK_FALSE(ledger->claim(secret(1), claim(2), expiry).value());
}

TEST_CASE("claim: those who wait are answered as soon as a second attempt has failed") {
  LedgerFixture fixture;
  const Ledger ledger = fixture.open({.answer = std::chrono::minutes(1)});
  PostgresServer::shared().freeze();
  const auto begin = std::chrono::steady_clock::now();
  const Result<bool> unknown = ledger->claim(secret(1), claim(1), fixture.in(std::chrono::hours(1)));
  const auto taken = std::chrono::steady_clock::now() - begin;
  PostgresServer::shared().thaw();
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Errc::kUnavailable);
  CHECK(taken < std::chrono::seconds(20));
  CHECK(eventually([&] { return ledger->ready().has_value(); }));
  CHECK(ledger->claim(secret(1), claim(2), fixture.in(std::chrono::hours(1))).value());
}

TEST_CASE("claim: one whose commit waits for a standby is given back when it ends, and not before") {
  LedgerFixture fixture;
  const WallTime expiry = fixture.in(std::chrono::hours(1));
  const Ledger ledger = fixture.open({.answer = std::chrono::milliseconds(300)});
  {
    const NoStandby no_standby(fixture);
    CHECK_FALSE(ledger->claim(secret(1), claim(1), expiry));
    CHECK(eventually([&] { return !ledger->ready(); }));
    CHECK(fixture.sql("SELECT count(*) FROM reveal_ledger") == "0");
  }
  CHECK(eventually([&] { return ledger->ready().has_value(); }));
  CHECK(ledger->claim(secret(1), claim(2), expiry).value());
  CHECK_FALSE(ledger->claim(secret(1), claim(3), expiry).value());
}

TEST_CASE("ready: not while commits wait for a standby, though nobody claims and the server answers") {
  LedgerFixture fixture;
  const Ledger ledger = fixture.open({.clean_every = std::chrono::milliseconds(50)});
  {
    const NoStandby no_standby(fixture);
    CHECK(eventually([&] { return !ledger->ready(); }));
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < std::chrono::seconds(3)) {
      REQUIRE_FALSE(ledger->ready());
      ::poll(nullptr, 0, 20);
    }
  }
  CHECK(eventually([&] { return ledger->ready().has_value(); }));
  CHECK(fixture.sql("SELECT count(*) FROM reveal_ledger") == "0");
}

TEST_CASE("release: what was claimed and not revealed is free again, and nothing else") {
  LedgerFixture fixture;
  const WallTime expiry = fixture.in(std::chrono::hours(1));
  const Ledger ledger = fixture.open();
  REQUIRE(ledger->claim(secret(1), claim(1), expiry).value());
  REQUIRE(ledger->claim(secret(2), claim(2), expiry).value());
  ledger->release(secret(1), claim(1));
  ledger->release(secret(2), claim(1));  // not its claim
  ledger->release(secret(3), claim(3));  // none
  CHECK(eventually([&] { return fixture.sql("SELECT count(*) FROM reveal_ledger") == "1"; }));
  CHECK(ledger->claim(secret(1), claim(4), expiry).value());
  CHECK_FALSE(ledger->claim(secret(2), claim(4), expiry).value());
}

TEST_CASE("release: is remembered while the server is away") {
  LedgerFixture fixture;
  const WallTime expiry = fixture.in(std::chrono::hours(1));
  const Ledger ledger = fixture.open();
  REQUIRE(ledger->claim(secret(1), claim(1), expiry).value());
  PostgresServer::shared().stop();
  ledger->release(secret(1), claim(1));
  PostgresServer::shared().start();
  CHECK(eventually([&] { return ledger->claim(secret(1), claim(2), expiry).value_or(false); }));
}

TEST_CASE("the destructor: does not wait for a server that is away") {
  LedgerFixture fixture;
  Ledger ledger = fixture.open({.clean_every = std::chrono::milliseconds(50)});
  PostgresServer::shared().stop();
  CHECK(eventually([&] { return !ledger->ready(); }));
  const auto begin = std::chrono::steady_clock::now();
  ledger.reset();
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(1));
  PostgresServer::shared().start();
}

TEST_CASE("clean-up: forgets a secret a day after it has expired, and not before") {
  LedgerFixture fixture;
  const Ledger ledger = fixture.open({.clean_every = std::chrono::milliseconds(20)});
  REQUIRE(ledger->claim(secret(1), claim(1), fixture.in(std::chrono::hours(1))).value());
  REQUIRE(ledger->claim(secret(2), claim(1), fixture.in(std::chrono::hours(3))).value());
  const auto rows = [&fixture] { return fixture.sql("SELECT count(*) FROM reveal_ledger"); };
  fixture.clock.advance(std::chrono::hours(26));
  CHECK(eventually([&] { return rows() == "1"; }));
  CHECK_FALSE(ledger->claim(secret(2), claim(2), fixture.in(std::chrono::hours(1))).value());
  fixture.clock.advance(std::chrono::hours(2));
  CHECK(eventually([&] { return rows() == "0"; }));
}

TEST_CASE("clean-up: a clock that is far ahead forgets nothing that the server's clock keeps") {
  LedgerFixture fixture;
  const Ledger ledger = fixture.open({.clean_every = std::chrono::milliseconds(5)});
  fixture.sql(
      "INSERT INTO reveal_ledger VALUES ('\\x01', gen_random_uuid(), now() - interval '23 hours'), "
      "('\\x02', gen_random_uuid(), now() - interval '25 hours')");
  fixture.clock.advance(std::chrono::hours(24 * 365 * 50));
  CHECK(eventually([&] { return fixture.sql("SELECT count(*) FROM reveal_ledger") == "1"; }));
  CHECK(fixture.sql("SELECT secret FROM reveal_ledger") == "\\x01");
}

TEST_CASE("clean-up: many rows go while claims are answered") {
  LedgerFixture fixture;
  const Ledger ledger = fixture.open({.clean_every = std::chrono::milliseconds(20)});
  fixture.sql(
      "INSERT INTO reveal_ledger SELECT int4send(i), gen_random_uuid(), '2020-01-01' FROM "
      "generate_series(1, 3500) i");
  CHECK(eventually([&] {
    CHECK(ledger->claim(secret(1), claim(1), fixture.in(std::chrono::hours(1))).value());
    return fixture.sql("SELECT count(*) FROM reveal_ledger") == "1";
  }));
}

TEST_CASE("the table: holds the store's id, the claim and the expiry, and nothing else") {
  LedgerFixture fixture;
  const Ledger ledger = fixture.open();
  REQUIRE(ledger->claim(secret(1), claim(1), fixture.clock.now()).value());
  CHECK(fixture.sql("SET TimeZone = 'UTC'; SELECT reveal_ledger::text FROM reveal_ledger") ==
        "(\"\\\\x5e01" + std::string(60, '0') + "\",c1010000-0000-0000-0000-000000000000,\"2023-11-14 22:13:20+00\")");
}

TEST_CASE("open: a ledger of a newer version is refused") {
  LedgerFixture fixture;
  fixture.open();
  fixture.sql("UPDATE disposable_schema SET version = 7 WHERE component = 'ledger'");
  const Result<Ledger> ledger =
      PostgresRevealLedger::open(PostgresServer::shared().url(fixture.schema), {}, fixture.clock);
  REQUIRE_FALSE(ledger);
  CHECK(ledger.error().code == Errc::kCorrupt);
}

TEST_CASE("open: without leave to create it finds a ledger that is there, and makes none") {
  LedgerFixture fixture;
  const auto find = [&fixture] {
    return PostgresRevealLedger::open(PostgresServer::shared().url(fixture.schema), {}, fixture.clock, {}, false);
  };
  const Result<Ledger> none = find();
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::kNotFound);
  CHECK(fixture.sql("SELECT count(*) FROM pg_class WHERE relnamespace = '" + fixture.schema + "'::regnamespace") ==
        "0");
  fixture.open();
  CHECK(find());
}

}  // namespace
}  // namespace disposable
