// ServedStore: what a service needs of its store beyond what the domain asks of it.

#pragma once

#include <functional>

#include "base/metrics.h"
#include "core/store.h"
#include "store/storage_limits.h"

namespace disposable {

using RecordVisitor = std::function<Result<void>(ByteView record)>;

// Thread-safe, but for the outbox (core/store.h).
class ServedStore : public SecretStore, public Outbox {
 public:
  // Holds for every insert from now on; what is stored already stays.
  virtual void set_storage_limits(const StorageLimits& limits) = 0;
  // Every durable record, in any order, some perhaps twice, until `visit` fails; beside whoever changes them, and
  // without holding them up. kUnavailable: not all were visited.
  virtual Result<void> visit_records(const RecordVisitor& visit) = 0;
  // May ask the backend; what it cannot tell is left out.
  virtual void write_metrics(MetricsText& text, WallTime now) const = 0;
};

}  // namespace disposable
