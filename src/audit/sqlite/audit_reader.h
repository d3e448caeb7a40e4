// AuditReader: reads the audit log in an SQLite file, also while the server writes it or after it was killed.
//
// One thread at a time. Changes no row and creates no log; SQLite may leave its -wal and -shm files beside the file.

#pragma once

#include "audit/audit_source.h"
#include "audit/sqlite/audit_schema.h"

namespace disposable {

class AuditReader final : public AuditSource {
 public:
  // kNotFound when there is no file, kCorrupt when it is not an audit log, kUnavailable when it cannot be read.
  static Result<AuditReader> open(const std::filesystem::path& path);

  Result<std::vector<AuditRow>> list(const AuditFilter& filter) override;
  Result<std::vector<AuditRow>> rows_after(std::int64_t id, std::size_t limit) override;
  Result<bool> contains(const EventId& id) override;
  Result<VerifyReport> verify(const SymmetricKey& audit_key, const VerifyProgress& progress) override;

 private:
  explicit AuditReader(SqliteConnection connection) : connection_(std::move(connection)) {}

  SqliteConnection connection_;
};

inline constexpr std::string_view kRowColumns = "id, secret_key, action, ip_address, created_at, extra_data, event_id";
// The row that step() found, whose first columns are kRowColumns; nothing when one has a type that is never written.
std::optional<AuditRow> row_columns(const SqliteStatement& row);

}  // namespace disposable
