// AuditReader: lists rows of the audit log, also while the server writes it or after it was killed.
//
// One thread at a time. Changes no row and creates no log; SQLite may leave its -wal and -shm files beside the file.

#pragma once

#include <vector>

#include "audit/sqlite/audit_schema.h"

namespace disposable {

// An absent filter lets everything pass.
struct AuditFilter {
  std::optional<Fingerprint> fingerprint{};
  std::optional<Action> action{};
  std::optional<WallTime> since{};  // created at this time or later
  std::size_t limit = 100;
};

class AuditReader {
 public:
  // kNotFound when there is no file, kCorrupt when it is not an audit log, kUnavailable when it cannot be read.
  static Result<AuditReader> open(const std::filesystem::path& path);

  // The newest `limit` rows that pass, the newest one last, as a terminal shows a log. kUnavailable, kCorrupt.
  Result<std::vector<AuditRow>> list(const AuditFilter& filter);
  Result<bool> contains(const EventId& id);

 private:
  explicit AuditReader(SqliteConnection connection) : connection_(std::move(connection)) {}

  SqliteConnection connection_;
};

inline constexpr std::string_view kRowColumns = "id, secret_key, action, ip_address, created_at, extra_data, event_id";
// The row that step() found, whose first columns are kRowColumns; nothing when one has a type that is never written.
std::optional<AuditRow> row_columns(const SqliteStatement& row);

}  // namespace disposable
