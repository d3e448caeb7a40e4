// What the tests of the reveal ledger share: a schema of its own, numbered secrets and claims, and a clock.

#pragma once

#include <doctest/doctest.h>

#include "audit/postgres/postgres_reveal_ledger.h"
#include "audit/postgres_server.h"
#include "support/fakes.h"

namespace disposable {

using Ledger = std::unique_ptr<PostgresRevealLedger>;

inline StoreId secret(std::uint8_t number) { return StoreId{{0x5E, number}}; }
inline EventId claim(std::uint8_t number) { return EventId{{0xC1, number}}; }

struct LedgerFixture {
  Ledger open(const RevealLedgerTimes& times = {}) { return open(PostgresServer::shared().url(schema), times); }
  Ledger open(const PostgresUrl& url, const RevealLedgerTimes& times = {}) {
    Result<Ledger> ledger = PostgresRevealLedger::open(url, {}, clock, times);
    REQUIRE_MESSAGE(ledger, (ledger ? "" : ledger.error().detail));
    return std::move(*ledger);
  }
  WallTime in(std::chrono::milliseconds time) { return clock.now() + time; }
  std::string sql(const std::string& text) const { return run_postgres_sql(schema, text); }

  ManualClock clock;
  std::string schema = PostgresServer::shared().create_schema();
};

}  // namespace disposable
