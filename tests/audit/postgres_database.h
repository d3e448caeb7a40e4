// An audit log in a schema of PostgreSQL.

#pragma once

#include "audit/audit_databases.h"
#include "audit/postgres/postgres_audit_log.h"
#include "audit/postgres/postgres_audit_reader.h"
#include "audit/postgres_server.h"

namespace disposable {

class PostgresDatabase final : public AuditDatabase {
 public:
  Result<std::unique_ptr<AuditLog>> open(const SymmetricKey& key) const override {
    return PostgresAuditLog::open(url(), key, {});
  }
  Result<std::unique_ptr<AuditSource>> open_source() const override {
    Result<PostgresAuditReader> reader = PostgresAuditReader::open(url());
    return reader ? Result<std::unique_ptr<AuditSource>>(std::make_unique<PostgresAuditReader>(std::move(*reader)))
                  : fail(reader.error());
  }
  void run_sql(const std::string& sql) const override { run_postgres_sql(schema(), sql); }

  const std::string& schema() const { return schema_; }
  PostgresUrl url() const { return PostgresServer::shared().url(schema_); }

 private:
  std::string schema_ = PostgresServer::shared().create_schema();
};

}  // namespace disposable
