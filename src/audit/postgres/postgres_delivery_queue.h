// PostgresDeliveryQueue: the calls of all nodes' webhooks as a table, from which any node takes the next.
//
// Whoever takes a delivery writes its lease down as its due time, so a node that dies only delays what it had taken.
// Two connections: the projector must not wait behind those who call. Both connect again after an error.

#pragma once

#include "audit/postgres/postgres_session.h"
#include "base/mutex.h"
#include "core/delivery_queue.h"

namespace disposable {

class PostgresDeliveryQueue final : public DeliveryQueue {
 public:
  // Connects and creates the table if it is missing. The errors of PostgresSession::connect() and of
  // create_webhook_schema().
  static Result<std::unique_ptr<PostgresDeliveryQueue>> open(const PostgresUrl& url, PostgresChecks checks);

  Result<void> add(std::span<const Delivery> deliveries) override EXCLUDES(adding_mutex_);
  Result<std::optional<Delivery>> take(DeliveryKind kind, WallTime now, std::span<const Destination> without,
                                       std::chrono::milliseconds lease) override EXCLUDES(mutex_);
  Result<void> settle(const Delivery& delivery, WallTime now) override EXCLUDES(mutex_);
  Result<void> postpone(const Delivery& delivery, WallTime due) override EXCLUDES(mutex_);
  Result<Pending> pending(DeliveryKind kind) override EXCLUDES(mutex_);
  Result<Forgotten> prune(WallTime now) override EXCLUDES(mutex_);

 private:
  // The rows that the condition `which` is true of, with its one parameter; in portions, so that nobody waits for long.
  Result<void> delete_all(const std::string& which, const std::string& parameter) EXCLUDES(mutex_);

  PostgresDeliveryQueue(PostgresSession adding, PostgresSession session)
      : adding_(std::move(adding)), session_(std::move(session)) {}

  Mutex adding_mutex_;
  PostgresSession adding_ GUARDED_BY(adding_mutex_);
  Mutex mutex_;
  PostgresSession session_ GUARDED_BY(mutex_);
};

}  // namespace disposable
