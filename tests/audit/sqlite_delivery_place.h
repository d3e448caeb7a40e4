// A queue of webhooks in a file of SQLite that goes.

#pragma once

#include "audit/delivery_queues.h"
#include "audit/sqlite/sqlite_delivery_queue.h"
#include "support/temporary_folder.h"

namespace disposable {

class SqliteDeliveryPlace final : public DeliveryPlace {
 public:
  Result<std::unique_ptr<DeliveryQueue>> try_open() const override {
    Result<std::unique_ptr<SqliteDeliveryQueue>> queue = SqliteDeliveryQueue::open(path());
    return queue ? Result<std::unique_ptr<DeliveryQueue>>(std::move(*queue)) : fail(queue.error());
  }
  std::filesystem::path path() const { return folder_ / "webhooks.db"; }

 private:
  TemporaryFolder folder_;
};

}  // namespace disposable
