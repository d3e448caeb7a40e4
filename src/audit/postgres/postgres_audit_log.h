// PostgresAuditLog: a writer of the audit log in PostgreSQL. Any number of nodes write one log.
//
// The head's row is locked for a transaction, so appends of all nodes come one after the other and share one chain. An
// append takes two round trips. One thread at a time. Borrows the audit key, which must outlive it.

#pragma once

#include <set>

#include "audit/chain.h"
#include "audit/postgres/postgres_session.h"
#include "core/audit.h"

namespace disposable {

class PostgresAuditLog final : public AuditLog {
 public:
  // Connects and creates the tables if they are missing. Reads the head and no rows. The errors of
  // PostgresSession::connect() and of create_audit_schema(); kCorrupt when the head was not sealed with `audit_key`.
  static Result<std::unique_ptr<PostgresAuditLog>> open(const PostgresUrl& url, const SymmetricKey& audit_key,
                                                        PostgresChecks checks, const PostgresTimeouts& timeouts = {});

  // kUnavailable: nothing was appended, or it is unknown; the next call connects again. kCorrupt: the log was edited,
  // was sealed with another key, or is not a continuation of what this object has seen; no call will succeed.
  Result<void> append(std::span<const Event> events) override;
  Result<bool> contains(const EventId& id) override;

 private:
  PostgresAuditLog(PostgresSession session, const SymmetricKey& audit_key)
      : session_(std::move(session)), audit_key_(audit_key) {}

  // What the first round trip finds under the lock of the head.
  struct Found {
    ChainHead head;
    std::set<std::string> known;  // event ids of the batch that are there already, in text
  };

  Result<Found> begin(std::span<const Event> events);
  Result<ChainHead> check_head(const PostgresResult& head, const PostgresResult& seen) const;
  Result<void> write(std::span<const Event> events, Found found);

  PostgresSession session_;
  const SymmetricKey& audit_key_;
  ChainHead seen_;  // the latest that this object has found or written
};

}  // namespace disposable
