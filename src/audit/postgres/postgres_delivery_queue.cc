#include "audit/postgres/postgres_delivery_queue.h"

#include <algorithm>

#include "audit/postgres/postgres_schema.h"

namespace disposable {

namespace {

std::string number(WallTime time) { return std::to_string(time.time_since_epoch().count()); }
std::string number(DeliveryKind kind) { return std::to_string(static_cast<int>(kind)); }

// All rows with one statement. What is there already is passed over; but some row is always written, since only a
// transaction that writes waits until everything before it is on disk and with a synchronous standby.
std::vector<PostgresQuery> insertion_of(std::span<const Delivery> deliveries) {
  constexpr std::size_t kColumns = 9;
  std::array<std::vector<std::string>, kColumns> columns;
  for (const Delivery& delivery : deliveries) {
    const std::array<std::string, kColumns> values{format_uuid(delivery.event.bytes),
                                                   number(delivery.kind),
                                                   format_uuid(delivery.fingerprint.bytes),
                                                   to_hex(delivery.webhook),
                                                   format_uuid(delivery.destination),
                                                   delivery.body,
                                                   number(delivery.created_at),
                                                   number(delivery.due),
                                                   std::to_string(delivery.attempts)};
    for (std::size_t i = 0; i < kColumns; ++i) {
      columns[i].push_back(values[i]);
    }
  }
  PostgresQuery insert{
      "INSERT INTO webhook_deliveries SELECT a, b, c, decode(d, 'hex'), e, f, g, h, i, NULL FROM unnest($1::uuid[], "
      "$2::smallint[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::bigint[], $8::bigint[], $9::integer[]) AS "
      "new(a, b, c, d, e, f, g, h, i) ON CONFLICT DO NOTHING"};
  for (const std::vector<std::string>& column : columns) {
    insert.parameters.emplace_back(array_literal(column));
  }
  const Delivery& last = deliveries.back();
  return {{"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"},
          std::move(insert),
          {"UPDATE webhook_deliveries SET attempts = attempts WHERE event = $1 AND kind = $2",
           {format_uuid(last.event.bytes), number(last.kind)}},
          {"COMMIT"}};
}

template <std::size_t N>
bool copy_hex(const PostgresResult& row, int column, std::array<std::uint8_t, N>& out) {
  const std::optional<Bytes> bytes = row.hex(0, column);
  if (!bytes || bytes->size() != N) {
    return false;
  }
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return true;
}

std::optional<Delivery> read_delivery(const PostgresResult& row) {
  Delivery delivery;
  std::array<std::optional<std::int64_t>, 4> numbers;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = row.integer(0, static_cast<int>(i));
  }
  const auto& [kind, created_at, due, attempts] = numbers;
  std::optional<Bytes> webhook = row.hex(0, 7);
  const std::optional<std::string_view> body = row.text(0, 8);
  if (!kind || !created_at || !due || !attempts || !webhook || !body || !copy_hex(row, 4, delivery.event.bytes) ||
      !copy_hex(row, 5, delivery.fingerprint.bytes) || !copy_hex(row, 6, delivery.destination)) {
    return std::nullopt;
  }
  delivery.kind = static_cast<DeliveryKind>(*kind);
  delivery.webhook = std::move(*webhook);
  delivery.body = std::string(*body);
  delivery.created_at = WallTime(std::chrono::milliseconds(*created_at));
  delivery.due = WallTime(std::chrono::milliseconds(*due));
  delivery.attempts = static_cast<int>(*attempts);
  return delivery;
}

}  // namespace

Result<std::unique_ptr<PostgresDeliveryQueue>> PostgresDeliveryQueue::open(const PostgresUrl& url,
                                                                           PostgresChecks checks) {
  PostgresSession session(url, {}, checks);
  const Result<void> created = create_webhook_schema(session);
  if (!created) {
    return fail(created.error());
  }
  return std::unique_ptr<PostgresDeliveryQueue>(
      new PostgresDeliveryQueue(PostgresSession(url, {}, std::move(checks)), std::move(session)));
}

Result<void> PostgresDeliveryQueue::add(std::span<const Delivery> deliveries) {
  if (deliveries.empty()) {
    return {};
  }
  const std::vector<PostgresQuery> queries = insertion_of(deliveries);
  const MutexLock lock(adding_mutex_);
  const Result<std::vector<PostgresResult>> done = adding_.run(queries);
  if (done && done->back().command() != "COMMIT") {
    return fail(adding_.about_server(Error{Errc::kUnavailable, "the transaction was rolled back"}));
  }
  return done ? Result<void>{} : fail(done.error());
}

Result<std::optional<Delivery>> PostgresDeliveryQueue::take(DeliveryKind kind, WallTime now,
                                                            std::span<const Destination> without,
                                                            std::chrono::milliseconds lease) {
  std::vector<std::string> left_out;
  for (const Destination& destination : without) {
    left_out.push_back(format_uuid(destination));
  }
  const MutexLock lock(mutex_);
  const Result<PostgresResult> row = session_.run(
      {"WITH next AS (SELECT event, kind, due FROM webhook_deliveries WHERE settled_at IS NULL AND kind = $1 AND "
       "due <= $2 AND NOT destination = ANY($3::uuid[]) ORDER BY due, created_at, event LIMIT 1 FOR UPDATE SKIP "
       "LOCKED) "
       "UPDATE webhook_deliveries AS d SET due = $4 FROM next WHERE d.event = next.event AND d.kind = next.kind "
       "RETURNING d.kind, d.created_at, next.due, d.attempts, replace(d.event::text, '-', ''), "
       "replace(d.fingerprint::text, '-', ''), replace(d.destination::text, '-', ''), encode(d.webhook, 'hex'), d.body",
       {number(kind), number(now), array_literal(left_out), number(now + lease)}});
  if (!row) {
    return fail(row.error());
  }
  if (row->rows() == 0) {
    return std::nullopt;
  }
  std::optional<Delivery> delivery = read_delivery(*row);
  if (!delivery) {
    return fail(
        session_.about_server(Error{Errc::kCorrupt, "webhook_deliveries has a row that this program never wrote"}));
  }
  return delivery;
}

Result<void> PostgresDeliveryQueue::settle(const Delivery& delivery, WallTime now) {
  const MutexLock lock(mutex_);
  const Result<PostgresResult> done =
      session_.run({"UPDATE webhook_deliveries SET settled_at = $3, webhook = '', body = '' "
                    "WHERE event = $1 AND kind = $2",
                    {format_uuid(delivery.event.bytes), number(delivery.kind), number(now)}});
  return done ? Result<void>{} : fail(done.error());
}

Result<void> PostgresDeliveryQueue::postpone(const Delivery& delivery, WallTime due) {
  const MutexLock lock(mutex_);
  const Result<PostgresResult> done =
      session_.run({"UPDATE webhook_deliveries SET due = $3, attempts = attempts + 1 WHERE event = $1 AND kind = $2",
                    {format_uuid(delivery.event.bytes), number(delivery.kind), number(due)}});
  return done ? Result<void>{} : fail(done.error());
}

Result<DeliveryQueue::Pending> PostgresDeliveryQueue::pending(DeliveryKind kind) {
  const MutexLock lock(mutex_);
  const Result<PostgresResult> row =
      session_.run({"SELECT count(*), min(created_at) FROM webhook_deliveries WHERE settled_at IS NULL AND kind = $1",
                    {number(kind)}});
  if (!row) {
    return fail(row.error());
  }
  Pending pending{static_cast<std::uint64_t>(row->integer(0, 0).value_or(0))};
  if (const std::optional<std::int64_t> oldest = row->integer(0, 1)) {
    pending.oldest = WallTime(std::chrono::milliseconds(*oldest));
  }
  return pending;
}

Result<void> PostgresDeliveryQueue::delete_all(const std::string& which, const std::string& parameter) {
  for (;;) {
    const MutexLock lock(mutex_);
    const Result<PostgresResult> deleted =
        session_.run({"DELETE FROM webhook_deliveries WHERE (event, kind) IN (SELECT event, kind FROM "
                      "webhook_deliveries WHERE " +
                          which + " LIMIT 10000 FOR UPDATE SKIP LOCKED)",
                      {parameter}});
    if (!deleted) {
      return fail(deleted.error());
    }
    if (deleted->changes() == 0) {
      return {};
    }
  }
}

Result<DeliveryQueue::Forgotten> PostgresDeliveryQueue::prune(WallTime now) {
  const std::string least = format_uuid(EventId::least(now - kDeliveryKept).bytes);
  Forgotten forgotten{};
  for (std::size_t i = 0; i < kDeliveryKinds.size(); ++i) {
    const PostgresQuery queries[] = {
        {"SELECT count(*) FROM webhook_deliveries WHERE event < $1 AND kind = $2 AND settled_at IS NULL",
         {least, number(kDeliveryKinds[i])}},
        {"UPDATE webhook_deliveries SET due = $1 WHERE settled_at IS NULL AND kind = $2 AND due > $3",
         {number(now), number(kDeliveryKinds[i]), number(now + kPauseMost)}}};
    const MutexLock lock(mutex_);
    const Result<std::vector<PostgresResult>> done = session_.run(queries);
    if (!done) {
      return fail(done.error());
    }
    forgotten[i] = static_cast<std::uint64_t>((*done)[0].integer(0, 0).value_or(0));
  }
  Result<void> pruned = delete_all("settled_at < $1", number(now - kSettledKept));
  if (pruned) {
    pruned = delete_all("event < $1", least);
  }
  return pruned ? Result<Forgotten>(forgotten) : fail(pruned.error());
}

}  // namespace disposable
