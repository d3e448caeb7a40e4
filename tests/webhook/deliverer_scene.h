// Announcer and Deliverer over a real queue, with time that the test moves and receivers that it plays.

#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "audit/sqlite/sqlite_delivery_queue.h"
#include "core/webhook.h"
#include "support/fakes.h"
#include "support/temporary_folder.h"
#include "webhook/announcer.h"
#include "webhook/deliverer.h"

namespace disposable {

// A queue that fails when it is told to.
class FaultyQueue final : public DeliveryQueue {
 public:
  explicit FaultyQueue(DeliveryQueue& queue) : queue_(queue) {}

  Result<void> add(std::span<const Delivery> deliveries) override {
    return fails(add_fails) ? refused() : queue_.add(deliveries);
  }
  Result<std::optional<Delivery>> take(DeliveryKind kind, WallTime now, std::span<const Destination> without,
                                       std::chrono::milliseconds lease) override {
    return queue_.take(kind, now, without, lease);
  }
  Result<void> settle(const Delivery& delivery, WallTime now) override {
    return fails(settle_fails) ? refused() : queue_.settle(delivery, now);
  }
  Result<void> postpone(const Delivery& delivery, WallTime due) override { return queue_.postpone(delivery, due); }
  Result<Pending> pending(DeliveryKind kind) override { return queue_.pending(kind); }
  Result<Forgotten> prune(WallTime now) override { return queue_.prune(now); }

  int add_fails = 0;
  int settle_fails = 0;

 private:
  static bool fails(int& times) { return times > 0 && times-- > 0; }
  static Result<void> refused() { return fail(Errc::kUnavailable, "the queue fails"); }

  DeliveryQueue& queue_;
};

struct DeliveryScene {
  // As the receiver at `host` answers; called while the call is under way.
  std::function<WebhookAnswer(const WebhookCall&, const std::stop_token&)> receiver = [](const auto&, const auto&) {
    return WebhookAnswer{204};
  };
  Mutex mutex;                      // while there are threads
  std::vector<std::string> called;  // "host target", in order
  std::vector<WebhookCall> calls;
  std::vector<std::string> told;

  ManualClock clock;
  SeededRandom random{5};
  Keyring keyring = Keyring::generate(random);
  TemporaryFolder folder;
  std::unique_ptr<SqliteDeliveryQueue> stored = SqliteDeliveryQueue::open(folder / "webhooks.db").value();
  FaultyQueue queue{*stored};
  WebhookMetrics metrics;
  ServerWebhook server{SecretBytes::copy_of(as_bytes("https://ops.example/all")), SecretBytes(32)};
  Announcer announcer{{queue, keyring, clock, metrics, /*to_server=*/true, {}, [this](DeliveryKind kind) {
                         told.push_back(kind == DeliveryKind::kServer ? "dropped: server" : "dropped: secret");
                       }}};
  std::unique_ptr<Deliverer> deliverer = make_deliverer();

  std::unique_ptr<Deliverer> make_deliverer() {
    Deliverer::Parts parts{
        queue, keyring, clock, random, metrics, [this](const WebhookCall& call, const std::stop_token& stop) {
          note(call);
          return receiver(call, stop);
        }};
    parts.server = &server;
    parts.on_first_failure = [this](const Delivery&, std::string_view reason) {
      told.push_back("failed: " + std::string(reason));
    };
    parts.on_given_up = [this](const Delivery&, std::string_view reason) {
      told.push_back("given up: " + std::string(reason));
    };
    parts.on_queue_failure = [this](const Error& error) { told.push_back("queue: " + error.detail); };
    return std::make_unique<Deliverer>(std::move(parts));
  }

  void note(const WebhookCall& call) {
    const MutexLock lock(mutex);
    called.push_back(call.host + " " + call.target);
    calls.push_back(call);
  }

  // An event of a secret that names `url`; empty: none.
  Event event(std::string_view url, Action action = Action::kRetrieved) {
    Event event;
    event.id = EventId::generate(clock.now(), random);
    random.fill(event.fingerprint.bytes);
    event.action = action;
    event.at = clock.now();
    event.extra_data = "{}";
    if (!url.empty()) {
      event.webhook = seal_webhook(keyring, event.fingerprint, as_bytes(url), random);
    }
    clock.advance(std::chrono::milliseconds(1));
    return event;
  }
  void announce(const std::vector<Event>& events) { REQUIRE(announcer.announce(events)); }
  bool deliver(DeliveryKind kind = DeliveryKind::kSecret) { return deliverer->deliver_next(kind, {}); }
  std::uint64_t pending(DeliveryKind kind = DeliveryKind::kSecret) { return stored->pending(kind)->count; }
};

}  // namespace disposable
