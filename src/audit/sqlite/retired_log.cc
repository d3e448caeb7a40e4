#include "audit/sqlite/retired_log.h"

#include "audit/sqlite/audit_reader.h"
#include "audit/sqlite/sqlite_audit_log.h"

namespace disposable {

namespace {

std::filesystem::path retired_name(const std::filesystem::path& path) { return path.string() + ".moved"; }

Result<RetiredLog> end_of(const std::filesystem::path& path) {
  Result<AuditReader> log = AuditReader::open(path);
  if (!log) {
    return fail(log.error());
  }
  AuditFilter newest;
  newest.limit = 1;
  const Result<std::vector<AuditRow>> last = log->list(newest);
  if (!last) {
    return fail(last.error());
  }
  return last->empty() ? RetiredLog{} : RetiredLog{last->back().id, last->back().event_id};
}

}  // namespace

Result<void> retire_audit_log(const std::filesystem::path& path, std::uint64_t rows, const SymmetricKey& audit_key) {
  {
    // The last writer leaves nothing beside the file when it closes.
    const Result<std::unique_ptr<SqliteAuditLog>> log = SqliteAuditLog::open(path, audit_key);
    const Result<RetiredLog> end = log ? end_of(path) : fail(log.error());
    if (!end) {
      return fail(end.error());
    }
    if (end->rows != static_cast<std::int64_t>(rows)) {
      return fail(Errc::kUnavailable, "the audit log has grown meanwhile; stop the service and run this again");
    }
  }
  std::error_code error;
  std::filesystem::rename(path, retired_name(path), error);
  return error ? fail(Errc::kUnavailable, path.string() + " cannot be renamed: " + error.message()) : Result<void>{};
}

Result<std::optional<RetiredLog>> audit_log_retired(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(retired_name(path), error) || std::filesystem::exists(path, error)) {
    return std::nullopt;
  }
  Result<RetiredLog> end = end_of(retired_name(path));
  return end ? Result<std::optional<RetiredLog>>(std::move(*end)) : fail(end.error());
}

}  // namespace disposable
