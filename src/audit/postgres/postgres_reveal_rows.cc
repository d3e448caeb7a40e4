#include "audit/postgres/postgres_reveal_rows.h"

#include "audit/postgres/postgres_schema.h"
#include "core/event.h"

namespace disposable {

namespace {

// A server that does not answer costs those who wait their first attempt only.
constexpr PostgresTimeouts kLedgerTimeouts{.connect = std::chrono::milliseconds{2'000},
                                           .statement = std::chrono::milliseconds{2'000},
                                           .lock = std::chrono::milliseconds{1'500},
                                           .answer = std::chrono::milliseconds{2'500}};

// A row of ours is written again when it is claimed again: only a transaction that writes waits until the row, whose
// first transaction may have been interrupted in its commit, is on disk and with a synchronous standby. The rows are in
// the order of their keys, so that two nodes cannot wait for each other.
constexpr const char* kInsert =
    "INSERT INTO reveal_ledger(secret, claim, expires_at) SELECT decode(a, 'hex'), b, c FROM "
    "unnest($1::text[], $2::uuid[], $3::timestamptz[]) AS new(a, b, c) "
    "ON CONFLICT (secret) DO UPDATE SET expires_at = excluded.expires_at WHERE reveal_ledger.claim = excluded.claim";
constexpr const char* kSelect =
    "SELECT encode(secret, 'hex'), claim::text FROM reveal_ledger WHERE secret = "
    "ANY(ARRAY(SELECT decode(a, 'hex') FROM unnest($1::text[]) AS asked(a)))";
constexpr const char* kBegin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
// After kInsert of the same, which waits for whatever transaction of an ended connection is still in its commit with
// this secret: alone this would not see that row, and it would stay for ever. Nobody else sees the row in between.
constexpr const char* kRelease =
    "DELETE FROM reveal_ledger USING unnest($1::text[], $2::uuid[]) AS released(a, b) "
    "WHERE secret = decode(a, 'hex') AND claim = b";
// By both clocks: one that is ahead must not make the ledger forget.
constexpr const char* kDelete =
    "DELETE FROM reveal_ledger WHERE ctid = ANY(ARRAY(SELECT ctid FROM reveal_ledger WHERE expires_at < "
    "least($1::timestamptz, now()) - interval '1 day' ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))";

// Of owners, in one order.
struct Columns {
  explicit Columns(const RevealOwners& owners) {
    std::vector<std::string> secret_list;
    std::vector<std::string> claim_list;
    for (const auto& [secret, claim] : owners) {
      secret_list.push_back(secret);
      claim_list.push_back(claim);
    }
    secrets = array_literal(secret_list);
    claims = array_literal(claim_list);
  }
  std::string secrets;
  std::string claims;
};

// Writes in any case, so that its commit waits for the disk.
std::vector<PostgresQuery> release_queries(const RevealOwners& released, WallTime now) {
  const Columns columns(released);
  const std::vector<std::string> expiries(released.size(), format_utc(now));
  return {{kInsert, {columns.secrets, columns.claims, array_literal(expiries)}},
          {kRelease, {columns.secrets, columns.claims}}};
}

// With a table create_ledger_schema() only looks at its version.
Result<void> find_table(PostgresSession& session) {
  const Result<PostgresResult> table = session.run({"SELECT to_regclass('reveal_ledger')"});
  if (!table) {
    return fail(table.error());
  }
  return table->text(0, 0) ? Result<void>{}
                           : fail(session.about_server(Error{Errc::kNotFound, "there is no reveal ledger here"}));
}

}  // namespace

Result<PostgresRevealRows> PostgresRevealRows::open(const PostgresUrl& url, PostgresChecks checks, bool create) {
  PostgresSession session(url, kLedgerTimeouts, std::move(checks));
  const Result<void> found = create ? Result<void>{} : find_table(session);
  if (!found) {
    return fail(found.error());
  }
  const Result<void> known = create_ledger_schema(session);
  if (!known) {
    return fail(known.error());
  }
  return PostgresRevealRows(std::move(session));
}

Result<RevealOwners> PostgresRevealRows::claim(const RevealOwners& claims, const std::vector<std::string>& expiries) {
  const Columns columns(claims);
  const Result<std::vector<PostgresResult>> results =
      commit({{kInsert, {columns.secrets, columns.claims, array_literal(expiries)}}, {kSelect, {columns.secrets}}});
  if (!results) {
    return fail(results.error());
  }
  RevealOwners owners;
  const PostgresResult& rows = (*results)[2];
  for (int row = 0; row < rows.rows(); ++row) {
    owners.emplace(rows.text(row, 0).value_or(""), rows.text(row, 1).value_or(""));
  }
  return owners;
}

Result<void> PostgresRevealRows::release(const RevealOwners& claims, WallTime now) {
  const Result<std::vector<PostgresResult>> done = commit(release_queries(claims, now));
  return done ? Result<void>{} : fail(done.error());
}

// Claims and releases what is no secret as well: with nothing to delete it would not show whether commits work.
Result<std::int64_t> PostgresRevealRows::clean(WallTime now, std::size_t limit) {
  std::vector<PostgresQuery> queries = release_queries({{to_hex(StoreId{}.bytes), format_uuid(EventId{}.bytes)}}, now);
  queries.push_back({kDelete, {format_utc(now), std::to_string(limit)}});
  const Result<std::vector<PostgresResult>> results = commit(std::move(queries));
  return results ? Result<std::int64_t>((*results)[3].changes()) : fail(results.error());
}

Result<std::vector<PostgresResult>> PostgresRevealRows::commit(std::vector<PostgresQuery> queries) {
  queries.insert(queries.begin(), {kBegin});
  queries.push_back({"COMMIT"});
  Result<std::vector<PostgresResult>> results = session_.run(queries);
  if (results && results->back().command() != "COMMIT") {
    return fail(session_.about_server(Error{Errc::kUnavailable, "the transaction was rolled back"}));
  }
  return results;
}

}  // namespace disposable
