// ServedStore: what a service needs of its store beyond what the domain asks of it.

#pragma once

#include "base/metrics.h"
#include "core/store.h"
#include "store/storage_limits.h"

namespace disposable {

// Thread-safe, but for the outbox (core/store.h).
class ServedStore : public SecretStore, public Outbox {
 public:
  // Holds for every insert from now on; what is stored already stays.
  virtual void set_storage_limits(const StorageLimits& limits) = 0;
  // May ask the backend; what it cannot tell is left out.
  virtual void write_metrics(MetricsText& text, WallTime now) const = 0;
};

}  // namespace disposable
