// Webhooks: what `serve` needs to call others, put together. Without webhooks it only counts what is not told.

#pragma once

#include <functional>
#include <memory>

#include "app/options.h"
#include "base/log.h"
#include "client/call_watch.h"
#include "webhook/announcer.h"
#include "webhook/deliverer.h"
#include "webhook/webhook_addresses.h"

namespace disposable {

// Who is told of every secret; nothing without --webhook-url. kInvalidArgument with a sentence for the operator when
// the key cannot be used.
Result<std::optional<ServerWebhook>> read_server_webhook(const ServeOptions& options);
// What --webhook-allow says, which parsing has found no mistake in. It is for the operator's own URL and those who show
// a token: a stranger could otherwise have the service knock where he cannot.
WebhookAddresses webhook_addresses(const ServeOptions& options, DeliveryKind kind);

// announce() is for the projector's thread; everything else for the one that owns it.
class Webhooks {
 public:
  struct Parts {
    const ServeOptions& options;
    std::optional<ServerWebhook> server;
    const Keyring& keyring;
    Clock& clock;
    Random& random;
    Log& log;
    // Only called when there is somebody to call.
    std::function<Result<std::unique_ptr<DeliveryQueue>>()> open_queue;
  };

  // Opens the queue; starts no thread but the watch's. Borrows what Parts refers to.
  static Result<std::unique_ptr<Webhooks>> open(Parts parts);

  // Starts to call.
  void start();
  // Whatever these events ask for will be told, also after a crash. Without webhooks what secrets ask for is dropped.
  Result<void> announce(std::span<const Event> events);
  void write_metrics(MetricsText& text) const { metrics_.write_metrics(text, clock_.now()); }

 private:
  explicit Webhooks(Parts& parts);
  void build(const Keyring& keyring, Random& random);
  void drop(DeliveryKind kind);
  WebhookAnswer call(const WebhookCall& call, const std::stop_token& stop);

  Clock& clock_;
  Log& log_;
  const std::optional<ServerWebhook> server_;
  const WebhookAddresses server_addresses_;
  const WebhookAddresses secret_addresses_;
  WebhookMetrics metrics_;
  bool drop_told_ = false;
  std::unique_ptr<DeliveryQueue> queue_;  // null: nobody is called, and neither are those below
  std::unique_ptr<CallWatch> watch_;
  std::unique_ptr<Deliverer> deliverer_;
  std::unique_ptr<Announcer> announcer_;
};

}  // namespace disposable
