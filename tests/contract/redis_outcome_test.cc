// Goal: a change happens once, and is told as it happened, whatever the network does to its question or answer.
// Method: a proxy loses or holds back one of them; then everything that the store shows is compared with what it said.

#include <doctest/doctest.h>

#include <thread>

#include "contract/harness.h"
#include "contract/redis_proxy.h"
#include "support/metrics_parser.h"

namespace disposable {
namespace {

using Fault = RedisProxy::Fault;

constexpr int kTimeoutMs = 600;

struct Proxied {
  Proxied() : harness(shared_redis(), proxy.url(fresh.prefix, kTimeoutMs)) {
    fresh.close();
    harness.reopen();
    // So that the server knows the scripts: what gets lost is then a change, and not the question whether it does.
    REQUIRE(harness.store().insert(test_id(99), test_entry("r", 500), {}, {}).has_value());
    REQUIRE(harness.store().replace(test_id(99), 1, test_entry("r", 500), Payload::kKeep, {}).has_value());
    REQUIRE(harness.store().purge(test_id(99), 2).has_value());
  }
  double reruns() const {
    MetricsText text;
    harness.redis->write_metrics(text, at(0));
    return ParsedMetrics(text.take()).value("disposable_secrets_store_redis_reruns_total");
  }

  RedisHarness fresh;  // for its prefix
  RedisProxy proxy{shared_redis()};
  RedisHarness harness;
};

struct Shown {
  std::string record;
  std::uint64_t version = 0;
  std::size_t events = 0;
  StoreTotals totals;
  bool operator==(const Shown&) const = default;
};

Shown show(RedisHarness& harness) {
  Shown shown;
  if (const auto loaded = harness.store().load(test_id(1))) {
    shown.record = as_text(loaded->record);
    shown.version = loaded->version;
  }
  const auto pending = harness.outbox().pending(0, 100);
  REQUIRE(pending.has_value());
  shown.events = pending->size();
  shown.totals = harness.totals();
  return shown;
}

Event created() {
  Event event = test_event(1);
  event.action = Action::kCreated;
  return event;
}

Result<Ticket> insert(RedisHarness& harness) {
  const Event event = created();
  return harness.store().insert(test_id(1), test_entry("created", 500), test_bytes("payload"), {&event, 1});
}

Result<Ticket> spend(RedisHarness& harness) {
  const Event event = test_event(2);
  return harness.store().replace(test_id(1), 1, test_entry("spent", 500), Payload::kDrop, {&event, 1});
}

const Shown kCreated{"created", 1, 1, {1, 7}};
const Shown kSpent{"spent", 2, 2, {0, 0}};

TEST_CASE("outcome: a change whose question or answer is lost happens once and succeeds") {
  for (const Fault fault : {Fault::kLoseRequest, Fault::kLoseReply, Fault::kHoldRequest}) {
    CAPTURE(static_cast<int>(fault));
    Proxied proxied;
    proxied.proxy.next(fault);
    REQUIRE(insert(proxied.harness).has_value());
    CHECK(show(proxied.harness) == kCreated);
    CHECK(proxied.reruns() == 1);
    proxied.proxy.next(fault);
    REQUIRE(spend(proxied.harness).has_value());
    CHECK(show(proxied.harness) == kSpent);
    CHECK(proxied.reruns() == 2);
  }
}

TEST_CASE("outcome: a question that arrives after its second run changes nothing") {
  Proxied proxied;
  proxied.proxy.next(Fault::kHoldRequest);
  REQUIRE(insert(proxied.harness).has_value());
  proxied.proxy.deliver_held();
  CHECK(show(proxied.harness) == kCreated);

  proxied.proxy.next(Fault::kHoldRequest);
  REQUIRE(spend(proxied.harness).has_value());
  proxied.proxy.deliver_held();
  CHECK(show(proxied.harness) == kSpent);

  proxied.proxy.next(Fault::kHoldRequest);
  const Event event = test_event(3);
  REQUIRE(
      proxied.harness.store().replace(test_id(1), 2, test_entry("kept", 500), Payload::kKeep, {&event, 1}).has_value());
  REQUIRE(proxied.harness.store().replace(test_id(1), 3, test_entry("later", 500), Payload::kKeep, {}).has_value());
  proxied.proxy.deliver_held();
  CHECK(show(proxied.harness) == Shown{"later", 4, 3, {-1, 0}});
}

TEST_CASE("outcome: what cannot be learnt is kUnavailable, and the truth is what the store says later") {
  for (const Fault fault : {Fault::kLoseRequest, Fault::kLoseReply}) {
    CAPTURE(static_cast<int>(fault));
    Proxied proxied;
    REQUIRE(insert(proxied.harness).has_value());
    proxied.proxy.refuse(true);
    proxied.proxy.next(fault);
    const auto spent = spend(proxied.harness);
    REQUIRE_FALSE(spent.has_value());
    CHECK(spent.error().code == Errc::kUnavailable);
    CHECK(spent.error().detail.starts_with("the outcome is unknown: "));
    CHECK_FALSE(proxied.harness.store().ready().has_value());
    proxied.proxy.refuse(false);
    proxied.harness.reopen();
    CHECK(show(proxied.harness) == (fault == Fault::kLoseReply ? kSpent : kCreated));
  }
}

TEST_CASE("outcome: a purge whose answer is lost is a conflict, and the record is gone") {
  Proxied proxied;
  REQUIRE(insert(proxied.harness).has_value());
  proxied.proxy.next(Fault::kLoseReply);
  const auto purged = proxied.harness.store().purge(test_id(1), 1);
  REQUIRE_FALSE(purged.has_value());
  CHECK(purged.error().code == Errc::kConflict);
  CHECK(proxied.harness.store().load(test_id(1)).error().code == Errc::kNotFound);
  CHECK(proxied.harness.totals().payload_bytes == 0);
}

TEST_CASE("outcome: a lost answer does not win against another's change") {
  Proxied proxied;
  REQUIRE(insert(proxied.harness).has_value());
  RedisHarness other(shared_redis(), shared_redis().unix_url(proxied.fresh.prefix));
  other.reopen();
  proxied.proxy.next(Fault::kLoseRequest);
  // Held by the proxy's thread: the other node is first in any case.
  REQUIRE(other.store().replace(test_id(1), 1, test_entry("other", 500), Payload::kKeep, {}).has_value());
  const auto spent = spend(proxied.harness);
  REQUIRE_FALSE(spent.has_value());
  CHECK(spent.error().code == Errc::kConflict);
  CHECK(show(other).record == "other");
}

TEST_CASE("outcome: a lost answer wins against another who has only confirmed the change") {
  Proxied proxied;
  REQUIRE(insert(proxied.harness).has_value());
  RedisHarness other(shared_redis(), shared_redis().unix_url(proxied.fresh.prefix));
  other.reopen();
  proxied.proxy.next(Fault::kHoldRequest);
  bool succeeded = false;
  {
    const std::jthread spender([&] { succeeded = spend(proxied.harness).has_value(); });
    while (show(other).version < 2) {  // carried out, and told to nobody
      proxied.proxy.deliver_held();
      std::this_thread::yield();
    }
    for (std::uint64_t version = 2; version <= 3; ++version) {
      REQUIRE(other.store().replace(test_id(1), version, test_entry("spent", 500), Payload::kKeep, {}).has_value());
    }
  }
  CHECK(succeeded);
  CHECK(show(other) == Shown{"spent", 4, 2, {0, 0}});
}

TEST_CASE("outcome: reads are simply asked again, also of a server that was started anew") {
  RedisProcess server;
  RedisHarness harness(server, server.unix_url("disposable"));
  harness.reopen();
  REQUIRE(insert(harness).has_value());
  server.kill();
  server.start();
  CHECK(harness.store().load(test_id(1)).has_value());
  CHECK(show(harness) == kCreated);
}

}  // namespace
}  // namespace disposable
