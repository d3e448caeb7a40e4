// The databases of a build with PostgreSQL.

#include "audit/postgres_database.h"
#include "audit/sqlite_database.h"

namespace disposable {

const std::vector<AuditDatabaseKind>& audit_databases() {
  static const std::vector<AuditDatabaseKind> kKinds = {
      {"SQLite", [] { return std::make_unique<SqliteDatabase>(); }},
      {"PostgreSQL", [] { return std::make_unique<PostgresDatabase>(); }},
  };
  return kKinds;
}

}  // namespace disposable
