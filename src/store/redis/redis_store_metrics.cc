// What the store tells about itself.

#include <algorithm>

#include "store/redis/redis_client.h"
#include "store/redis/redis_store.h"

namespace disposable {

namespace {

Result<StoreTotals> parse_totals(const redisReply& reply) {
  const auto fields = reply_elements(reply);
  if (fields.size() != 2) {
    return fail(Errc::kCorrupt, "Redis holds no totals");
  }
  const Result<std::int64_t> live = parse_redis_number(reply_text(*fields[0]));
  const Result<std::int64_t> bytes = parse_redis_number(reply_text(*fields[1]));
  if (!live || !bytes) {
    return fail(live ? bytes.error() : live.error());
  }
  return StoreTotals{*live, static_cast<std::uint64_t>(*bytes)};
}

// Of the first entry in what XRANGE said; zero without one.
std::chrono::milliseconds age_of_first(const redisReply& reply, WallTime now) {
  const auto entries = reply_elements(reply);
  const Result<OutboxEntry> first =
      entries.empty() ? fail(Errc::kNotFound, "no event") : parse_outbox_entry(*entries.front());
  return first ? std::max(now - first->event.at, std::chrono::milliseconds{0}) : std::chrono::milliseconds{0};
}

}  // namespace

Result<StoreTotals> RedisStore::totals() const {
  const auto replies = client_->ask({{"HMGET", keys_.meta, "live", "bytes"}});
  return replies ? parse_totals(*replies->front()) : fail(replies.error());
}

void RedisStore::write_metrics(MetricsText& text, WallTime now) const {
  const auto replies = client_->ask({{"HMGET", keys_.meta, "live", "bytes"},
                                     {"XLEN", keys_.outbox},
                                     {"XRANGE", keys_.outbox, "-", "+", "COUNT", "1"}});
  const Result<StoreTotals> held = replies ? parse_totals(*(*replies)[0]) : fail(replies.error());
  if (held) {
    text.gauge("live_secrets", "Secrets that can be retrieved, and overdue ones not yet marked as expired.",
               held->live_secrets);
    text.gauge("stored_payload_bytes", "Bytes of all payloads, also of spent secrets until they are dropped.",
               held->payload_bytes);
    text.gauge("outbox_events", "Events that are decided and not yet in the audit log.", reply_number(*(*replies)[1]));
    text.gauge("outbox_age_seconds", "Age of the oldest event on disk that is not yet in the audit log; 0 without one.",
               std::chrono::duration<double>(age_of_first(*(*replies)[2], now)).count());
  }
  const RedisMetrics& metrics = client_->metrics();
  text.histogram("store_redis_exchange_seconds", "Time from sending commands to Redis to its last answer.",
                 metrics.exchange_seconds);
  text.counter("store_redis_commands_total", "Commands sent to Redis.", metrics.commands);
  text.counter("store_redis_failures_total", "Exchanges with Redis that ended without an answer.", metrics.failures);
  text.counter("store_redis_reruns_total", "Changes that were run again because their answer was lost.",
               metrics.reruns);
  text.counter("store_redis_connections_total", "Connections to Redis that were opened.", pool_->opened());
}

}  // namespace disposable
