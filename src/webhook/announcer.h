// Announcer: puts the calls that events ask for into the queue.

#pragma once

#include <functional>
#include <span>

#include "core/delivery_queue.h"
#include "crypto/keyring.h"
#include "webhook/webhook_metrics.h"

namespace disposable {

// More are dropped, so that a receiver who is away for long fills no disk: as many as the outbox may hold of events,
// and fewer of those that strangers ask for, which are up to 1.5 KiB each and are looked through for one that is due.
constexpr std::uint64_t pending_deliveries_max(DeliveryKind kind) {
  return kind == DeliveryKind::kServer ? 1'000'000 : 200'000;
}

// One thread only (the projector's). Borrows everything, which must outlive it.
class Announcer {
 public:
  struct Parts {
    DeliveryQueue& queue;
    const Keyring& keyring;
    Clock& clock;
    WebhookMetrics& metrics;
    bool to_server = false;  // there is one who is told of every secret
    std::function<void()> on_added{};
    std::function<void(DeliveryKind)> on_dropped{};  // each time
  };

  explicit Announcer(Parts parts) : parts_(std::move(parts)) {}

  // All calls of these events are in the queue on return. Errors are the queue's; call again with the same events.
  Result<void> announce(std::span<const Event> events);

 private:
  void add_server(const Event& event, std::vector<Delivery>& deliveries);
  void add_secret(const Event& event, std::vector<Delivery>& deliveries);
  void drop(DeliveryKind kind);
  bool has_room(DeliveryKind kind) { return parts_.metrics.of(kind).pending.load() < pending_deliveries_max(kind); }

  const Parts parts_;
};

}  // namespace disposable
