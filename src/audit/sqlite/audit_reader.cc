#include "audit/sqlite/audit_reader.h"

#include <algorithm>
#include <limits>

#include "audit/sqlite/audit_verifier.h"

namespace disposable {

namespace {

// `since` is answered with the lowest id that is recent enough, from the index over created_at; the walk from the
// newest id downwards then ends there. The planner would read and sort everything that is recent.
std::string query_of(const AuditFilter& filter) {
  std::string sql = "SELECT " + std::string(kRowColumns) + " FROM secret_logs WHERE true";
  if (filter.fingerprint) {
    sql += " AND secret_key = ?1";
  }
  if (filter.action) {
    sql += " AND action = ?2";
  }
  if (filter.since) {
    sql +=
        " AND +created_at >= ?3 AND id >= "
        "(SELECT min(id) FROM secret_logs INDEXED BY secret_logs_created_at WHERE created_at >= ?3)";
  }
  return sql + " ORDER BY id DESC LIMIT ?4";
}

Result<std::vector<AuditRow>> all_rows(SqliteStatement& select) {
  std::vector<AuditRow> rows;
  while (true) {
    const Result<bool> found = select.step();
    if (!found) {
      return fail(found.error());
    }
    if (!*found) {
      return rows;
    }
    std::optional<AuditRow> row = row_columns(select);
    if (!row) {
      return fail(Errc::kCorrupt, "a row of the audit log has a column of another type; run audit verify");
    }
    rows.push_back(std::move(*row));
  }
}

}  // namespace

Result<AuditReader> AuditReader::open(const std::filesystem::path& path) {
  Result<SqliteConnection> connection = open_audit_log_for_reading(path);
  if (!connection) {
    return fail(connection.error());
  }
  return AuditReader(std::move(*connection));
}

Result<std::vector<AuditRow>> AuditReader::list(const AuditFilter& filter) {
  Result<SqliteStatement> select = connection_.prepare(query_of(filter));
  if (!select) {
    return fail(select.error());
  }
  const std::string fingerprint = filter.fingerprint ? format_uuid(filter.fingerprint->bytes) : std::string();
  const std::string since = filter.since ? format_utc(*filter.since) : std::string();
  if (filter.fingerprint) {
    select->bind(1, fingerprint);
  }
  if (filter.action) {
    select->bind(2, action_name(*filter.action));
  }
  if (filter.since) {
    select->bind(3, since);
  }
  constexpr std::size_t kLimitMax = std::numeric_limits<std::int64_t>::max();
  select->bind(4, static_cast<std::int64_t>(std::min(filter.limit, kLimitMax)));

  Result<std::vector<AuditRow>> rows = all_rows(*select);
  if (rows) {
    std::reverse(rows->begin(), rows->end());
  }
  return rows;
}

Result<std::vector<AuditRow>> AuditReader::rows_after(std::int64_t id, std::size_t limit) {
  Result<SqliteStatement> select = connection_.prepare("SELECT " + std::string(kRowColumns) +
                                                       " FROM secret_logs WHERE id > ?1 ORDER BY id LIMIT ?2");
  if (!select) {
    return fail(select.error());
  }
  select->bind(1, id).bind(2, static_cast<std::int64_t>(limit));
  return all_rows(*select);
}

std::optional<AuditRow> row_columns(const SqliteStatement& row) {
  const std::optional<std::int64_t> id = row.integer(0);
  std::optional<std::string> secret_key = row.text(1);
  std::optional<std::string> action = row.text(2);
  std::optional<std::string> ip_address = row.text(3);
  std::optional<std::string> created_at = row.text(4);
  std::optional<std::string> extra_data = row.text(5);
  std::optional<std::string> event_id = row.text(6);
  if (!id || !secret_key || !action || !ip_address || !created_at || !extra_data || !event_id) {
    return std::nullopt;
  }
  return AuditRow{.id = *id,
                  .secret_key = std::move(*secret_key),
                  .action = std::move(*action),
                  .ip_address = std::move(*ip_address),
                  .created_at = std::move(*created_at),
                  .extra_data = std::move(*extra_data),
                  .event_id = std::move(*event_id)};
}

Result<bool> AuditReader::contains(const EventId& id) {
  Result<SqliteStatement> find = connection_.prepare("SELECT 1 FROM secret_logs WHERE event_id = ?1");
  const std::string text = format_uuid(id.bytes);
  return find ? find->bind(1, std::string_view(text)).step() : fail(find.error());
}

Result<VerifyReport> AuditReader::verify(const SymmetricKey& audit_key, const VerifyProgress& progress) {
  return verify_audit_log(connection_, audit_key, progress);
}

}  // namespace disposable
