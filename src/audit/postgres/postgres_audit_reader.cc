#include "audit/postgres/postgres_audit_reader.h"

#include <algorithm>
#include <limits>

#include "audit/postgres/postgres_audit_row.h"
#include "audit/postgres/postgres_schema.h"

namespace disposable {

namespace {

// A question about one secret reads the whole table, which can take a while.
constexpr PostgresTimeouts kReaderTimeouts{.statement = std::chrono::minutes{5}, .answer = std::chrono::minutes{6}};

// An absent filter is NULL; the planner knows the values and drops what is always true.
const std::string kList = "SELECT " + std::string(kAuditColumns) +
                          " FROM secret_logs WHERE ($1::uuid IS NULL OR secret_key = $1::uuid) AND ($2::text IS NULL "
                          "OR action = $2::text) AND ($3::timestamptz IS NULL OR created_at >= $3::timestamptz) "
                          "ORDER BY id DESC LIMIT $4::bigint";

Result<std::vector<AuditRow>> all_rows(const PostgresResult& result) {
  std::vector<AuditRow> rows;
  for (int index = 0; index < result.rows(); ++index) {
    std::optional<AuditRow> row = audit_columns(result, index);
    if (!row) {
      return fail(Errc::kCorrupt, "a row of the audit log has a column of another type; run audit verify");
    }
    rows.push_back(std::move(*row));
  }
  return rows;
}

// The rows of an open cursor, a few at a time: a log is larger than memory.
class ChainCursor {
 public:
  explicit ChainCursor(PostgresSession& session) : session_(session) {}

  Result<std::optional<ChainRow>> next() {
    if (!page_ || row_ == page_->rows()) {
      Result<PostgresResult> page = session_.run({"FETCH 2000 FROM chain"});
      if (!page) {
        return fail(page.error());
      }
      page_ = std::move(*page);
      row_ = 0;
    }
    if (page_->rows() == 0) {
      return std::nullopt;
    }
    return chain_row(*page_, row_++);
  }

 private:
  PostgresSession& session_;
  std::optional<PostgresResult> page_;
  int row_ = 0;
};

}  // namespace

Result<PostgresAuditReader> PostgresAuditReader::open(const PostgresUrl& url) {
  PostgresSession session(url, kReaderTimeouts);
  const Result<void> identified = identify_audit_schema(session);
  if (!identified) {
    return fail(identified.error());
  }
  return PostgresAuditReader(std::move(session));
}

Result<std::vector<AuditRow>> PostgresAuditReader::list(const AuditFilter& filter) {
  constexpr std::size_t kLimitMax = std::numeric_limits<std::int64_t>::max();
  PostgresQuery query{kList, {4, std::nullopt}};
  if (filter.fingerprint) {
    query.parameters[0] = format_uuid(filter.fingerprint->bytes);
  }
  if (filter.action) {
    query.parameters[1] = action_name(*filter.action);
  }
  if (filter.since) {
    query.parameters[2] = format_utc(*filter.since);
  }
  query.parameters[3] = std::to_string(std::min(filter.limit, kLimitMax));
  const Result<PostgresResult> result = session_.run(query);
  if (!result) {
    return fail(result.error());
  }
  Result<std::vector<AuditRow>> rows = all_rows(*result);
  if (rows) {
    std::reverse(rows->begin(), rows->end());
  }
  return rows;
}

Result<std::vector<AuditRow>> PostgresAuditReader::rows_after(std::int64_t id, std::size_t limit) {
  const Result<PostgresResult> result =
      session_.run({"SELECT " + std::string(kAuditColumns) + " FROM secret_logs WHERE id > $1 ORDER BY id LIMIT $2",
                    {std::to_string(id), std::to_string(limit)}});
  return result ? all_rows(*result) : fail(result.error());
}

Result<bool> PostgresAuditReader::contains(const EventId& id) {
  const Result<PostgresResult> found =
      session_.run({"SELECT FROM secret_logs WHERE event_id = $1::uuid", {format_uuid(id.bytes)}});
  return found ? Result<bool>(found->rows() == 1) : fail(found.error());
}

Result<VerifyReport> PostgresAuditReader::verify(const SymmetricKey& audit_key, const VerifyProgress& progress) {
  const PostgresQuery queries[] = {{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"},
                                   {std::string(kSelectAuditHead)},
                                   {"DECLARE chain NO SCROLL CURSOR FOR SELECT " + std::string(kAuditColumns) + ", " +
                                    std::string(kHashColumns) + " FROM secret_logs ORDER BY id"}};
  const Result<std::vector<PostgresResult>> begun = session_.run(queries);
  if (!begun) {
    return fail(begun.error());
  }
  ChainCursor cursor(session_);
  Result<VerifyReport> report = walk_chain(
      audit_head((*begun)[1]), [&cursor] { return cursor.next(); }, audit_key, progress);
  session_.disconnect();  // ends the transaction, whatever came of it
  return report;
}

}  // namespace disposable
