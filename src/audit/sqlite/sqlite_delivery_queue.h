// SqliteDeliveryQueue: the calls of one node's webhooks, in a file of SQLite of their own.
//
// Schema version 1 (PRAGMA user_version), application id 0x44537768 ("DSwh"):
//   deliveries(event, kind, fingerprint, webhook, destination, body, created_at, due, attempts, settled_at)
//     a STRICT table; times are milliseconds since the Unix epoch, settled_at is NULL while the call is to be made
// Not in the audit log's file, which holds nothing that is ever deleted.

#pragma once

#include <functional>

#include "audit/sqlite/sqlite_file.h"
#include "base/mutex.h"
#include "core/delivery_queue.h"

namespace disposable {

// The only process that has the file open, so a lease need not be written down.
class SqliteDeliveryQueue final : public DeliveryQueue {
 public:
  // Opens the queue or creates it with mode 0600. kCorrupt for a file that is none; kUnavailable when it cannot be
  // opened or created.
  static Result<std::unique_ptr<SqliteDeliveryQueue>> open(const std::filesystem::path& path);

  Result<void> add(std::span<const Delivery> deliveries) override EXCLUDES(mutex_);
  Result<std::optional<Delivery>> take(DeliveryKind kind, WallTime now, std::span<const Destination> without,
                                       std::chrono::milliseconds lease) override EXCLUDES(mutex_);
  Result<void> settle(const Delivery& delivery, WallTime now) override EXCLUDES(mutex_);
  Result<void> postpone(const Delivery& delivery, WallTime due) override EXCLUDES(mutex_);
  Result<Pending> pending(DeliveryKind kind) override EXCLUDES(mutex_);
  Result<Forgotten> prune(WallTime now) override EXCLUDES(mutex_);

 private:
  struct Statements {
    SqliteStatement begin, commit, rollback, insert, take, settle, postpone, pending, prune_settled, prune_old,
        count_old, hasten;
  };

  SqliteDeliveryQueue(SqliteConnection connection, Statements statements)
      : connection_(std::move(connection)), statements_(std::move(statements)) {}

  static Result<Statements> prepare(SqliteConnection& connection);
  // In portions, so that nobody waits for long.
  Result<void> delete_all(SqliteStatement Statements::*portion, const std::function<void(SqliteStatement&)>& bind)
      EXCLUDES(mutex_);
  Result<void> insert_all(std::span<const Delivery> deliveries) REQUIRES(mutex_);

  Mutex mutex_;
  SqliteConnection connection_ GUARDED_BY(mutex_);
  Statements statements_ GUARDED_BY(mutex_);
};

}  // namespace disposable
