// An audit log in a file of SQLite that goes.

#pragma once

#include "audit/audit_databases.h"
#include "audit/sqlite/audit_reader.h"
#include "audit/sqlite/sqlite_audit_log.h"
#include "support/temporary_folder.h"

namespace disposable {

class SqliteDatabase final : public AuditDatabase {
 public:
  Result<std::unique_ptr<AuditLog>> open(const SymmetricKey& key) const override {
    return SqliteAuditLog::open(path(), key);
  }
  Result<std::unique_ptr<AuditSource>> open_source() const override {
    Result<AuditReader> reader = AuditReader::open(path());
    return reader ? Result<std::unique_ptr<AuditSource>>(std::make_unique<AuditReader>(std::move(*reader)))
                  : fail(reader.error());
  }
  void run_sql(const std::string& sql) const override { disposable::run_sql(path(), sql); }

  std::filesystem::path path() const { return folder_ / "audit.db"; }

 private:
  TemporaryFolder folder_;
};

}  // namespace disposable
