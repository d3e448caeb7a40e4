#include "webhook/announcer.h"

#include "core/webhook.h"
#include "core/webhook_url.h"
#include "crypto/hash.h"
#include "webhook/webhook_message.h"

namespace disposable {

namespace {

// Keyed, so that the queue does not tell who has called where. By the whole URL: many strangers share a host, and one
// of its URLs may hang while the others answer.
Destination destination_of(const Keyring& keyring, ByteView url) {
  Destination destination{};
  keyed_hash(keyring.webhook_key(), {as_bytes("destination"), url}, destination);
  return destination;
}

Delivery delivery_of(const Event& event, DeliveryKind kind, WallTime now) {
  Delivery delivery;
  delivery.event = event.id;
  delivery.kind = kind;
  delivery.fingerprint = event.fingerprint;
  delivery.body = webhook_body(event);
  delivery.created_at = event.at;
  delivery.due = now;
  return delivery;
}

}  // namespace

Result<void> Announcer::announce(std::span<const Event> events) {
  std::vector<Delivery> deliveries;
  for (const Event& event : events) {
    if (parts_.to_server && is_told_to_server(event)) {
      add_server(event, deliveries);
    }
    if (!event.webhook.empty()) {
      add_secret(event, deliveries);
    }
  }
  if (deliveries.empty()) {
    return {};
  }
  Result<void> added = parts_.queue.add(deliveries);
  if (!added) {
    return added;
  }
  for (const Delivery& delivery : deliveries) {
    parts_.metrics.of(delivery.kind).pending.fetch_add(1);
  }
  if (parts_.on_added) {
    parts_.on_added();
  }
  return {};
}

void Announcer::add_server(const Event& event, std::vector<Delivery>& deliveries) {
  if (!has_room(DeliveryKind::kServer)) {
    return drop(DeliveryKind::kServer);
  }
  deliveries.push_back(delivery_of(event, DeliveryKind::kServer, parts_.clock.now()));
}

// A URL that does not open or read was never checked by a node with this keyring: nobody could be called.
void Announcer::add_secret(const Event& event, std::vector<Delivery>& deliveries) {
  const Result<SecretBytes> text = open_webhook(parts_.keyring, event.fingerprint, event.webhook);
  const Result<WebhookUrl> url = text ? parse_webhook_url(as_text(text->expose())) : fail(text.error());
  if (!url || !has_room(DeliveryKind::kSecret)) {
    return drop(DeliveryKind::kSecret);
  }
  Delivery delivery = delivery_of(event, DeliveryKind::kSecret, parts_.clock.now());
  delivery.webhook = event.webhook;
  delivery.destination = destination_of(parts_.keyring, text->expose());
  deliveries.push_back(std::move(delivery));
}

void Announcer::drop(DeliveryKind kind) {
  parts_.metrics.of(kind).dropped.add();
  if (parts_.on_dropped) {
    parts_.on_dropped(kind);
  }
}

}  // namespace disposable
