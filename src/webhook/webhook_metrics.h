// What is counted of webhooks, apart for the operator's and the creators'. There also while nobody is called.

#pragma once

#include <atomic>

#include "base/metrics.h"
#include "core/delivery_queue.h"

namespace disposable {

// Thread-safe.
struct WebhookMetrics {
  struct OfKind {
    std::atomic<std::uint64_t> pending{0};  // as the queue said last, and what has changed since
    std::atomic<std::int64_t> oldest{0};    // of them, in milliseconds since the Unix epoch; 0: there is none
    Counter delivered;
    Counter failures;
    Counter given_up;
    Counter dropped;

    void one_is_over();
  };
  OfKind server;
  OfKind secret;

  OfKind& of(DeliveryKind kind) { return kind == DeliveryKind::kServer ? server : secret; }
  void write_metrics(MetricsText& text, WallTime now) const;
};

}  // namespace disposable
