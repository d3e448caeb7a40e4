// An executable with PostgreSQL.

#include "app/backends.h"
#include "audit/postgres/postgres_audit_log.h"
#include "audit/postgres/postgres_audit_reader.h"
#include "audit/postgres/postgres_reveal_ledger.h"

namespace disposable {

std::string postgres_url_problem(const std::string& url) {
  const Result<PostgresUrl> parsed = parse_postgres_url(url);
  return parsed ? std::string{} : parsed.error().detail;
}

bool postgres_built_in() { return true; }

Result<std::unique_ptr<AuditLog>> open_postgres_audit_log(const BackendParts& parts) {
  const Result<PostgresUrl> url = parse_postgres_url(parts.backends.audit);
  if (!url) {
    return fail(url.error());
  }
  return PostgresAuditLog::open(*url, parts.keyring.audit_key(), {parts.backends.accept_data_loss, parts.on_warning});
}

Result<std::unique_ptr<RevealLedger>> open_postgres_ledger(const BackendParts& parts) {
  const Result<PostgresUrl> url = parse_postgres_url(parts.backends.ledger);
  if (!url) {
    return fail(url.error());
  }
  return PostgresRevealLedger::open(*url, {parts.backends.accept_data_loss, parts.on_warning}, parts.clock);
}

Result<std::unique_ptr<AuditSource>> open_postgres_audit_source(const std::string& text) {
  const Result<PostgresUrl> url = parse_postgres_url(text);
  if (!url) {
    return fail(url.error());
  }
  Result<PostgresAuditReader> reader = PostgresAuditReader::open(*url);
  if (!reader) {
    return fail(reader.error());
  }
  return std::make_unique<PostgresAuditReader>(std::move(*reader));
}

std::vector<Component> postgres_components() { return {{"libpq", libpq_version()}}; }

}  // namespace disposable
