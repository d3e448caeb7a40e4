// The databases of a build with PostgreSQL.

#include "audit/postgres_database.h"
#include "audit/postgres_delivery_place.h"
#include "audit/sqlite_database.h"
#include "audit/sqlite_delivery_place.h"

namespace disposable {

const std::vector<AuditDatabaseKind>& audit_databases() {
  static const std::vector<AuditDatabaseKind> kKinds = {
      {"SQLite", [] { return std::make_unique<SqliteDatabase>(); }},
      {"PostgreSQL", [] { return std::make_unique<PostgresDatabase>(); }},
  };
  return kKinds;
}

const std::vector<DeliveryPlaceKind>& delivery_places() {
  static const std::vector<DeliveryPlaceKind> kKinds = {
      {"SQLite", [] { return std::make_unique<SqliteDeliveryPlace>(); }},
      {"PostgreSQL", [] { return std::make_unique<PostgresDeliveryPlace>(); }},
  };
  return kKinds;
}

}  // namespace disposable
