// SqliteAuditLog: the one writer of the audit log in an SQLite file.
//
// Write-ahead log with synchronous=FULL: a transaction is on disk when append() returns. Nobody else may write to the
// file (SQLite before 3.51.3 can damage it when two connections checkpoint at once); readers open it read-only and
// never checkpoint. One thread at a time. Borrows the audit key, which must outlive it.

#pragma once

#include "audit/sqlite/audit_schema.h"
#include "core/audit.h"

namespace disposable {

class SqliteAuditLog final : public AuditLog {
 public:
  // Opens the log or creates it with mode 0600. Reads the head and no rows. kCorrupt, and nothing is changed, for a
  // file that is not an audit log, is damaged, or whose head was not sealed with `audit_key`; kUnavailable when it
  // cannot be opened or created.
  static Result<std::unique_ptr<SqliteAuditLog>> open(const std::filesystem::path& path, const SymmetricKey& audit_key);

  // kUnavailable: rolled back, call again. kCorrupt: somebody else has changed the log; no call will succeed.
  Result<void> append(std::span<const Event> events) override;
  Result<bool> contains(const EventId& id) override;

 private:
  struct Statements {
    SqliteStatement begin;
    SqliteStatement commit;
    SqliteStatement rollback;
    SqliteStatement select_head;
    SqliteStatement update_head;
    SqliteStatement insert;
    SqliteStatement find;
  };

  SqliteAuditLog(SqliteConnection connection, Statements statements, const SymmetricKey& audit_key, ChainHead head)
      : connection_(std::move(connection)),
        statements_(std::move(statements)),
        audit_key_(audit_key),
        head_(head),
        attempted_(head) {}

  static Result<Statements> prepare(SqliteConnection& connection);
  Result<void> write(std::span<const Event> events);
  Result<void> insert(const Event& event, ChainHead& head);
  Result<void> write_head(const ChainHead& head);

  SqliteConnection connection_;
  Statements statements_;
  const SymmetricKey& audit_key_;
  ChainHead head_;       // of the last transaction known to be committed
  ChainHead attempted_;  // of the last transaction tried; differs from head_ when its commit failed
};

}  // namespace disposable
