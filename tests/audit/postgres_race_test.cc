// Goal: many nodes and threads at once keep what one keeps: one chain with every event once, one winner for a secret.
// Method: several logs and ledgers of one real server, used by many threads; run it under ThreadSanitizer.

#include <atomic>

#include "audit/at_once.h"
#include "audit/postgres_database.h"
#include "audit/reveal_ledger_fixture.h"

namespace disposable {
namespace {

TEST_CASE("append: four nodes at once share one chain with each event exactly once") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  constexpr std::uint64_t kEvents = 1200;
  constexpr std::uint64_t kBatch = 30;
  std::atomic<int> failures = 0;
  at_once(4, [&](std::size_t node) {
    const auto log = PostgresAuditLog::open(database.url(), key, {});
    failures += log ? 0 : 1;
    // Two nodes start at one, as after a claim that went stale; two in the middle.
    const std::uint64_t shift = node / 2 * kEvents / 2;
    for (std::uint64_t done = 0; log && done < kEvents; done += kBatch) {
      failures += (*log)->append(test_events(1 + (done + shift) % kEvents, kBatch)) ? 0 : 1;
    }
  });
  CHECK(failures == 0);
  database.check_whole(key, kEvents);
  CHECK(run_postgres_sql(database.schema(), "SELECT count(DISTINCT event_id) FROM secret_logs") ==
        std::to_string(kEvents));
}

TEST_CASE("verify: every snapshot taken beside two writers is whole and grows") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  database.log(key);  // creates the tables
  const auto source = database.source();
  std::atomic<int> running = 2;
  std::atomic<int> failures = 0;
  const auto write = [&](std::size_t node) {
    const auto log = PostgresAuditLog::open(database.url(), key, {});
    failures += log ? 0 : 1;
    for (std::uint64_t batch = 0; log && batch < 50; ++batch) {
      failures += (*log)->append(test_events(1 + node * 10'000 + batch * 20, 20)) ? 0 : 1;
    }
    --running;
  };
  const std::jthread writers([&] { at_once(2, write); });
  std::uint64_t rows_before = 0;
  bool last_round = false;
  while (!last_round) {
    last_round = running == 0;
    const Result<VerifyReport> report = source->verify(key, {});
    REQUIRE_MESSAGE(report, (report ? "" : report.error().detail));
    REQUIRE_MESSAGE(report->ok, report->reason);
    CHECK(report->rows >= rows_before);
    CHECK(report->rows % 20 == 0);
    rows_before = report->rows;
  }
  CHECK(failures == 0);
  CHECK(rows_before == 2'000);
}

TEST_CASE("claim: of 64 threads over two nodes exactly one has each of 200 secrets") {
  LedgerFixture fixture;
  const WallTime expiry = fixture.in(std::chrono::hours(1));
  const Ledger ledgers[] = {fixture.open(), fixture.open()};
  constexpr std::size_t kSecrets = 200;
  std::array<std::atomic<int>, kSecrets> winners{};
  std::atomic<int> failures = 0;
  at_once(64, [&](std::size_t thread) {
    for (std::size_t i = 0; i < kSecrets; ++i) {
      const std::size_t number = thread % 2 == 0 ? i : kSecrets - 1 - i;
      const Result<bool> won = ledgers[thread % 2]->claim(secret(static_cast<std::uint8_t>(number)),
                                                          claim(static_cast<std::uint8_t>(thread)), expiry);
      failures += won ? 0 : 1;
      winners[number] += won && *won ? 1 : 0;
    }
  });
  CHECK(failures == 0);
  for (const std::atomic<int>& count : winners) {
    CHECK(count == 1);
  }
  CHECK(fixture.sql("SELECT count(*) FROM reveal_ledger") == "200");
}

TEST_CASE("claim: the same claim from many threads at once is everybody's") {
  LedgerFixture fixture;
  const WallTime expiry = fixture.in(std::chrono::hours(1));
  const Ledger ledger = fixture.open();
  std::atomic<int> won = 0;
  at_once(16, [&](std::size_t) { won += ledger->claim(secret(1), claim(7), expiry).value_or(false) ? 1 : 0; });
  CHECK(won == 16);
}

}  // namespace
}  // namespace disposable
