// PostgresRevealRows: the statements of the reveal ledger, each call one transaction.
//
// Every one of them writes, so success means that commits reach the disk, and a synchronous standby where there is one.
// Errors are those of PostgresSession::run(); the outcome is unknown then, and the next call connects again.

#pragma once

#include <map>

#include "audit/postgres/postgres_session.h"
#include "base/clock.h"

namespace disposable {

// The claim of each secret: hexadecimal, and in UUID form. In the order of secrets, so that two nodes cannot wait for
// each other.
using RevealOwners = std::map<std::string, std::string, std::less<>>;

// One thread at a time.
class PostgresRevealRows {
 public:
  // As PostgresRevealLedger::open().
  static Result<PostgresRevealRows> open(const PostgresUrl& url, PostgresChecks checks, bool create);

  // The owners after it. `expiries` are in the order of `claims`.
  Result<RevealOwners> claim(const RevealOwners& claims, const std::vector<std::string>& expiries);
  // Of these claims no row is left, not even of a transaction whose outcome was unknown.
  Result<void> release(const RevealOwners& claims, WallTime now);
  // Deletes up to `limit` rows a day after their expiry, and says how many.
  Result<std::int64_t> clean(WallTime now, std::size_t limit);

 private:
  explicit PostgresRevealRows(PostgresSession session) : session_(std::move(session)) {}

  // The results are those of BEGIN, of the queries, and of COMMIT.
  Result<std::vector<PostgresResult>> commit(std::vector<PostgresQuery> queries);

  PostgresSession session_;
};

}  // namespace disposable
