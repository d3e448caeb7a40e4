// An executable with PostgreSQL.

#include <cstdlib>

#include "app/backends.h"
#include "audit/postgres/postgres_audit_log.h"
#include "audit/postgres/postgres_audit_reader.h"
#include "audit/postgres/postgres_delivery_queue.h"
#include "audit/postgres/postgres_reveal_ledger.h"
#include "audit/postgres/postgres_schema.h"

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
  return PostgresRevealLedger::open(*url, {parts.backends.accept_data_loss, parts.on_warning}, parts.clock, {},
                                    parts.create);
}

Result<std::unique_ptr<DeliveryQueue>> open_postgres_delivery_queue(const BackendParts& parts) {
  const Result<PostgresUrl> url = parse_postgres_url(parts.backends.audit);
  if (!url) {
    return fail(url.error());
  }
  // What the server may lose was told when the audit log was opened.
  Result<std::unique_ptr<PostgresDeliveryQueue>> queue =
      PostgresDeliveryQueue::open(*url, {parts.backends.accept_data_loss});
  return queue ? Result<std::unique_ptr<DeliveryQueue>>(std::move(*queue)) : fail(queue.error());
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

Result<void> retire_postgres_audit_log(const std::string& text, std::uint64_t rows) {
  const Result<PostgresUrl> url = parse_postgres_url(text);
  if (!url) {
    return fail(url.error());
  }
  PostgresSession session(*url, {}, PostgresChecks{});
  return retire_audit_schema(session, rows);
}

Result<std::optional<RetiredLog>> postgres_audit_log_retired(const std::string& text) {
  const Result<PostgresUrl> url = parse_postgres_url(text);
  if (!url) {
    return fail(url.error());
  }
  PostgresSession session(*url, {});
  return audit_schema_retired(session);
}

Result<std::string> postgres_audit_log_identity(const std::string& text) {
  const Result<PostgresUrl> url = parse_postgres_url(text);
  if (!url) {
    return fail(url.error());
  }
  PostgresSession session(*url, {});
  return identity_of_audit_schema(session);
}

// Besides what the URL names, what libpq looks for by itself.
UrlFiles postgres_url_files(const std::string& url) {
  UrlFiles files;
  const Result<PostgresUrl> parsed = parse_postgres_url(url);
  if (!parsed) {
    return files;
  }
  for (const char* keyword : {"sslrootcert", "sslcert", "sslkey", "sslcrl"}) {
    const std::optional<std::string> file = parsed->setting(keyword);
    if (file && !file->empty()) {
      files.certificates.emplace_back(*file);
    }
  }
  if (const std::optional<std::string> file = parsed->setting("passfile"); file && !file->empty()) {
    files.passwords.emplace_back(*file);
  } else if (const char* named = std::getenv("PGPASSFILE"); named != nullptr) {
    files.passwords.emplace_back(named);
  }
  if (const char* home = std::getenv("HOME"); home != nullptr) {
    for (const char* file : {"root.crt", "postgresql.crt", "postgresql.key", "root.crl"}) {
      files.certificates.push_back(std::filesystem::path(home) / ".postgresql" / file);
    }
    files.passwords.push_back(std::filesystem::path(home) / ".pgpass");
  }
  return files;
}

std::vector<Component> postgres_components() { return {{"libpq", libpq_version()}}; }

}  // namespace disposable
