// Goal: whatever receivers do, each is told in its turn, none holds up others, and what cannot be told is given up in
// the end. Method: one turn of a thread at a time over a real queue; a second turn that is made while a call is under
// way stands for another thread. Threads of their own only where it is about their end.

#include "webhook/deliverer.h"

#include <semaphore>

#include "crypto/base64.h"
#include "support/metrics_parser.h"
#include "webhook/back_off.h"
#include "webhook/deliverer_scene.h"
#include "webhook/webhook_message.h"

namespace disposable {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr DeliveryKind kServer = DeliveryKind::kServer;
using Names = std::vector<std::string>;

std::string field(const WebhookCall& call, std::string_view name) {
  for (const WebhookField& field : call.fields) {
    if (field.name == name) {
      return field.value;
    }
  }
  return {};
}

TEST_CASE("deliverer: operator and creator are told of an event, each with the key that he knows") {
  DeliveryScene scene;
  const Event event = scene.event("https://Hooks.Example:8443/a/b?c=d");
  scene.announce({event});
  REQUIRE(scene.deliver());
  REQUIRE(scene.deliver(kServer));
  CHECK(scene.called == Names{"Hooks.Example /a/b?c=d", "ops.example /all"});
  CHECK(scene.calls[0].port == 8443);
  const SymmetricKey own = webhook_signing_key(scene.keyring, event.fingerprint);
  const ByteView keys[] = {own.expose(), scene.server.key.expose()};
  for (std::size_t i = 0; i < 2; ++i) {
    const WebhookCall& call = scene.calls[i];
    CHECK(call.tls);
    CHECK(call.body == webhook_body(event));
    CHECK(field(call, "webhook-id") == format_uuid(event.id.bytes));
    const std::int64_t at = std::stoll(field(call, "webhook-timestamp"));
    CHECK(at == scene.clock.now().time_since_epoch() / seconds(1));
    CHECK(field(call, "webhook-signature") == sign_webhook(keys[i], event.id, at, call.body));
  }
  CHECK_FALSE(scene.deliver());
  CHECK_FALSE(scene.deliver(kServer));
}

TEST_CASE("deliverer: an empty path is called as /") {
  DeliveryScene scene;
  scene.announce({scene.event("https://a.example"), scene.event("https://b.example?x")});
  while (scene.deliver()) {
  }
  CHECK(scene.called == Names{"a.example /", "b.example /?x"});
}

TEST_CASE("deliverer: a URL gets its calls in order and one at a time, and holds up no other, of its host either") {
  DeliveryScene scene;
  scene.announce({scene.event("https://slow.example/1"), scene.event("https://slow.example/1"),
                  scene.event("https://slow.example/2"), scene.event("https://other.example/")});
  bool nested = false;
  scene.receiver = [&](const auto&, const auto&) {
    if (!nested) {
      nested = true;
      CHECK(scene.deliver());  // other threads, meanwhile
      CHECK(scene.deliver());
      CHECK_FALSE(scene.deliver());
      CHECK(scene.deliver(kServer));
    }
    return WebhookAnswer{200};
  };
  while (scene.deliver()) {
  }
  CHECK(nested);
  CHECK(scene.called ==
        Names{"slow.example /1", "slow.example /2", "other.example /", "ops.example /all", "slow.example /1"});
}

TEST_CASE("deliverer: what fails is tried again as the table says, told twice, and given up after three days") {
  DeliveryScene scene;
  const Event event = scene.event("https://a.example/");
  scene.announce({event});
  scene.receiver = [](const auto&, const auto&) { return WebhookAnswer{500}; };
  std::vector<WallTime> attempts;
  while (scene.pending() > 0) {
    if (scene.deliver()) {
      attempts.push_back(scene.clock.now());
    } else {
      scene.clock.advance(seconds(1));
    }
    REQUIRE(scene.clock.now() < event.at + kDeliveryLife + minutes(1));
  }
  REQUIRE(attempts.size() > 15);
  const seconds delays[] = {seconds(5), seconds(30), minutes(2), minutes(10)};
  for (std::size_t i = 0; i < std::size(delays); ++i) {
    const auto waited = attempts[i + 1] - attempts[i];
    CHECK(waited >= delays[i]);
    CHECK(waited <= delays[i] + delays[i] / 10 + seconds(2));
  }
  CHECK(scene.told ==
        Names{"failed: the receiver has answered with 500", "given up: the receiver has answered with 500"});
  CHECK(scene.metrics.secret.failures.value() == attempts.size());
  CHECK(scene.metrics.secret.given_up.value() == 1);
  CHECK(scene.metrics.secret.delivered.value() == 0);
}

TEST_CASE("deliverer: which answers mean what") {
  const struct {
    int status;
    std::uint64_t pending, delivered, failures, given_up;
  } rows[] = {{200, 0, 1, 0, 0}, {202, 0, 1, 0, 0}, {204, 0, 1, 0, 0}, {410, 0, 0, 1, 1},
              {301, 1, 0, 1, 0}, {307, 1, 0, 1, 0}, {100, 1, 0, 1, 0}, {400, 1, 0, 1, 0},
              {404, 1, 0, 1, 0}, {429, 1, 0, 1, 0}, {503, 1, 0, 1, 0}, {0, 1, 0, 1, 0}};
  for (const auto& row : rows) {
    CAPTURE(row.status);
    DeliveryScene scene;
    scene.announce({scene.event("https://a.example/")});
    scene.receiver = [&row](const auto&, const auto&) { return WebhookAnswer{row.status, "nobody is there"}; };
    CHECK(scene.deliver());
    CHECK(scene.pending() == row.pending);
    CHECK(scene.metrics.secret.delivered.value() == row.delivered);
    CHECK(scene.metrics.secret.failures.value() == row.failures);
    CHECK(scene.metrics.secret.given_up.value() == row.given_up);
  }
}

TEST_CASE("deliverer: a receiver that asks for time gets it") {
  DeliveryScene scene;
  scene.announce({scene.event("https://a.example/")});
  scene.receiver = [](const auto&, const auto&) { return WebhookAnswer{429, {}, minutes(20)}; };
  REQUIRE(scene.deliver());
  scene.clock.advance(minutes(20) - seconds(1));
  CHECK_FALSE(scene.deliver());
  scene.clock.advance(seconds(1));
  CHECK(scene.deliver());
}

TEST_CASE("deliverer: a URL without an answer is left alone, one that answers badly is not, nor others of its host") {
  for (const int status : {0, 500}) {
    CAPTURE(status);
    DeliveryScene scene;
    scene.announce(
        {scene.event("https://a.example/1"), scene.event("https://a.example/1"), scene.event("https://a.example/2")});
    scene.receiver = [status](const WebhookCall& call, const auto&) {
      return WebhookAnswer{call.target == "/1" ? status : 200, "it cannot be connected to"};
    };
    while (scene.deliver()) {
    }
    CHECK(scene.called == (status == 0 ? Names{"a.example /1", "a.example /2"}
                                       : Names{"a.example /1", "a.example /1", "a.example /2"}));
    scene.receiver = [](const auto&, const auto&) { return WebhookAnswer{200}; };
    scene.clock.advance(seconds(6));
    while (scene.deliver()) {
    }
    CHECK(scene.pending() == 0);
  }
}

TEST_CASE("deliverer: while the operator's receiver is away it is asked for once a minute, and then told all at once") {
  DeliveryScene scene;
  std::vector<Event> events;
  for (int i = 0; i < 100; ++i) {
    events.push_back(scene.event(""));
  }
  scene.announce(events);
  scene.receiver = [](const auto&, const auto&) { return WebhookAnswer{0, "it cannot be connected to"}; };
  for (int second = 0; second < 600; ++second) {
    while (scene.deliver(kServer)) {
    }
    scene.clock.advance(seconds(1));
  }
  CHECK(scene.called.size() <= 13);
  CHECK(scene.called.size() >= 10);
  scene.receiver = [](const auto&, const auto&) { return WebhookAnswer{200}; };
  scene.clock.advance(minutes(2));
  while (scene.deliver(kServer)) {
  }
  CHECK(scene.pending(kServer) <= 10);  // those that were tried have pauses of their own
  CHECK(scene.metrics.server.delivered.value() >= 90);
}

TEST_CASE("deliverer: what is three days old is given up without a call") {
  DeliveryScene scene;
  scene.announce({scene.event("https://a.example/")});
  scene.clock.advance(kDeliveryLife + seconds(1));
  while (scene.deliver()) {
  }
  CHECK(scene.called.empty());
  CHECK(scene.metrics.secret.given_up.value() == 1);
  CHECK(scene.pending() == 0);
}

TEST_CASE("deliverer: a clock that was ahead and is set back holds nothing up") {
  DeliveryScene scene;
  scene.announce({scene.event("https://a.example/")});
  scene.receiver = [](const auto&, const auto&) { return WebhookAnswer{0, "it cannot be connected to"}; };
  REQUIRE(scene.deliver());
  REQUIRE_FALSE(scene.deliver());
  scene.clock.advance(-std::chrono::hours(30 * 24));
  scene.announce({scene.event("https://a.example/")});
  scene.receiver = [](const auto&, const auto&) { return WebhookAnswer{200}; };
  CHECK(scene.deliver());  // the new one
  while (scene.deliver()) {
  }
  scene.clock.advance(minutes(2));  // the next time that the house is kept
  while (scene.deliver()) {
  }
  CHECK(scene.pending() == 0);
}

TEST_CASE("deliverer: the operator's receiver has its rest however many strangers' have") {
  DeliveryScene scene;
  std::vector<Event> events;
  for (int i = 0; i < 1001; ++i) {
    events.push_back(scene.event("https://a.example/" + std::to_string(i)));
  }
  scene.announce(events);
  scene.receiver = [](const auto&, const auto&) { return WebhookAnswer{0, "it cannot be connected to"}; };
  for (int i = 0; i < 1001; ++i) {
    REQUIRE(scene.deliver());
  }
  REQUIRE(scene.deliver(kServer));
  CHECK_FALSE(scene.deliver(kServer));
}

TEST_CASE("deliverer: an event that the outbox shows again is told once") {
  DeliveryScene scene;
  const std::vector<Event> events = {scene.event("https://a.example/"), scene.event("")};
  scene.announce(events);
  scene.announce(events);
  while (scene.deliver() || scene.deliver(kServer)) {
  }
  scene.announce(events);
  CHECK_FALSE(scene.deliver());
  CHECK_FALSE(scene.deliver(kServer));
  CHECK(scene.called.size() == 3);
}

TEST_CASE("deliverer: a call that was taken is not made again while the queue cannot note it") {
  DeliveryScene scene;
  scene.announce({scene.event("https://a.example/"), scene.event("https://a.example/")});
  scene.queue.settle_fails = 1;
  CHECK(scene.deliver());
  CHECK(scene.deliver());
  CHECK_FALSE(scene.deliver());
  CHECK(scene.called.size() == 2);
  CHECK(scene.told == Names{"queue: the queue fails"});
}

TEST_CASE("deliverer: its end breaks off what is under way, which stays as it was") {
  DeliveryScene scene;
  scene.announce({scene.event("https://a.example/")});
  std::counting_semaphore<> under_way(0);
  scene.receiver = [&under_way](const auto&, const std::stop_token& stop) {
    std::binary_semaphore stopped(0);
    const std::stop_callback wake(stop, [&stopped] { stopped.release(); });
    under_way.release();
    stopped.acquire();
    return WebhookAnswer{0, "broken off"};
  };
  scene.deliverer->start();
  // The operator's call and the creator's: both hang.
  under_way.acquire();
  scene.deliverer.reset();
  CHECK(scene.pending() == 1);
  CHECK(scene.pending(kServer) == 1);
  CHECK(scene.told.empty());
  scene.receiver = [](const auto&, const auto&) { return WebhookAnswer{200}; };
  scene.deliverer = scene.make_deliverer();
  CHECK(scene.deliver());
  CHECK(scene.pending() == 0);
}

TEST_CASE("announcer: guesses and repeated answers are not told, and a URL that does not open is dropped") {
  DeliveryScene scene;
  Event repeated = scene.event("");
  repeated.extra_data = "{\"repeated\":true,\"views_left\":0}";
  Event foreign = scene.event("https://a.example/", Action::kDenied);
  foreign.fingerprint.bytes[0] ^= 1U;
  scene.announce({scene.event("", Action::kDenied), repeated, foreign});
  CHECK(scene.pending() == 0);
  CHECK(scene.pending(kServer) == 0);
  CHECK(scene.told == Names{"dropped: secret"});
  CHECK(scene.metrics.secret.dropped.value() == 1);
}

TEST_CASE("announcer: the queue's failure is its own, and too many are dropped") {
  DeliveryScene scene;
  scene.queue.add_fails = 1;
  const Event event = scene.event("https://a.example/");
  CHECK_FALSE(scene.announcer.announce({&event, 1}));
  scene.announce({event});
  CHECK(scene.pending() == 1);
  scene.metrics.server.pending = pending_deliveries_max(kServer);
  scene.announce({scene.event("https://a.example/")});
  CHECK(scene.pending(kServer) == 1);
  CHECK(scene.pending() == 2);
  CHECK(scene.told == Names{"dropped: server"});
}

TEST_CASE("webhook metrics: are complete, and follow the queue") {
  DeliveryScene scene;
  scene.announce({scene.event("https://a.example/"), scene.event("https://a.example/")});
  REQUIRE(scene.deliver());
  scene.clock.advance(seconds(10));
  REQUIRE(scene.deliver(kServer));
  MetricsText text;
  scene.metrics.write_metrics(text, scene.clock.now());
  const ParsedMetrics metrics(text.take());
  CHECK(metrics.error() == "");
  CHECK(metrics.value("disposable_secrets_webhooks_pending{to=\"server\"}") == 1);
  CHECK(metrics.value("disposable_secrets_webhooks_pending{to=\"secret\"}") == 1);
  CHECK(metrics.value("disposable_secrets_webhooks_pending_age_seconds{to=\"secret\"}") >= 10);
  CHECK(metrics.value("disposable_secrets_webhooks_delivered_total{to=\"server\"}") == 1);
  CHECK(metrics.value("disposable_secrets_webhooks_dropped_total{to=\"server\"}") == 0);
}

}  // namespace
}  // namespace disposable
