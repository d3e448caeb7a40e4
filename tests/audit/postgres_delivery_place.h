// A queue of webhooks in a schema of PostgreSQL.

#pragma once

#include "audit/delivery_queues.h"
#include "audit/postgres/postgres_delivery_queue.h"
#include "audit/postgres_server.h"

namespace disposable {

class PostgresDeliveryPlace final : public DeliveryPlace {
 public:
  Result<std::unique_ptr<DeliveryQueue>> try_open() const override {
    Result<std::unique_ptr<PostgresDeliveryQueue>> queue =
        PostgresDeliveryQueue::open(PostgresServer::shared().url(schema_), {});
    return queue ? Result<std::unique_ptr<DeliveryQueue>>(std::move(*queue)) : fail(queue.error());
  }
  const std::string& schema() const { return schema_; }

 private:
  std::string schema_ = PostgresServer::shared().create_schema();
};

}  // namespace disposable
