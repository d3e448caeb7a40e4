// The databases of a build without PostgreSQL.

#include "audit/sqlite_database.h"

namespace disposable {

const std::vector<AuditDatabaseKind>& audit_databases() {
  static const std::vector<AuditDatabaseKind> kKinds = {
      {"SQLite", [] { return std::make_unique<SqliteDatabase>(); }},
  };
  return kKinds;
}

}  // namespace disposable
