// The databases of a build without PostgreSQL.

#include "audit/sqlite_database.h"
#include "audit/sqlite_delivery_place.h"

namespace disposable {

const std::vector<AuditDatabaseKind>& audit_databases() {
  static const std::vector<AuditDatabaseKind> kKinds = {
      {"SQLite", [] { return std::make_unique<SqliteDatabase>(); }},
  };
  return kKinds;
}

const std::vector<DeliveryPlaceKind>& delivery_places() {
  static const std::vector<DeliveryPlaceKind> kKinds = {
      {"SQLite", [] { return std::make_unique<SqliteDeliveryPlace>(); }},
  };
  return kKinds;
}

}  // namespace disposable
