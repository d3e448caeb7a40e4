// PostgresAuditReader: reads the audit log in PostgreSQL, while any number of nodes write it; also from a standby.

#pragma once

#include "audit/audit_source.h"
#include "audit/postgres/postgres_session.h"

namespace disposable {

class PostgresAuditReader final : public AuditSource {
 public:
  // kNotFound when there is no log, kCorrupt when it is none or of another version, kUnavailable when it cannot be
  // read.
  static Result<PostgresAuditReader> open(const PostgresUrl& url);

  Result<std::vector<AuditRow>> list(const AuditFilter& filter) override;
  Result<std::vector<AuditRow>> rows_after(std::int64_t id, std::size_t limit) override;
  Result<bool> contains(const EventId& id) override;
  Result<VerifyReport> verify(const SymmetricKey& audit_key, const VerifyProgress& progress) override;

 private:
  explicit PostgresAuditReader(PostgresSession session) : session_(std::move(session)) {}

  PostgresSession session_;
};

}  // namespace disposable
