#include "store/redis/redis_schema.h"

#include <algorithm>
#include <charconv>

#include "store/redis/redis_connection.h"

namespace disposable {

namespace {

template <class T>
Result<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return fail(Errc::kCorrupt, "Redis holds something else where a number belongs");
  }
  return value;
}

template <class Id>
Result<Id> parse_id(std::string_view hex) {
  Id id;
  const Result<Bytes> bytes = from_hex(hex);
  if (!bytes || bytes->size() != id.bytes.size()) {
    return fail(Errc::kCorrupt, "Redis holds something else where an id belongs");
  }
  std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
  return id;
}

}  // namespace

RedisKeys::RedisKeys(std::string_view prefix) {
  const std::string tag = '{' + std::string(prefix) + "}:";
  secrets = tag + "secret:";
  due = tag + "due";
  outbox = tag + "outbox";
  meta = tag + "meta";
}

Result<StoreId> parse_store_id(std::string_view hex) { return parse_id<StoreId>(hex); }

Result<EventId> parse_event_id(std::string_view uuid) {
  std::string hex(uuid);
  std::erase(hex, '-');
  return parse_id<EventId>(hex);
}

Result<std::int64_t> parse_redis_number(std::string_view text) { return parse_number<std::int64_t>(text); }

Result<std::uint64_t> parse_stream_id(std::string_view text) {
  return parse_number<std::uint64_t>(text.substr(0, text.find('-')));
}

// ["7-0", ["id", <uuid>, "e", <bytes>]]
Result<OutboxEntry> parse_outbox_entry(const redisReply& reply) {
  const auto entry = reply_elements(reply);
  const auto fields = entry.size() == 2 ? reply_elements(*entry[1]) : std::span<redisReply* const>{};
  if (fields.size() != 4) {
    return fail(Errc::kCorrupt, "an event in the outbox does not decode");
  }
  const Result<std::uint64_t> position = parse_stream_id(reply_text(*entry[0]));
  Result<Event> event = decode_event(as_bytes(reply_text(*fields[3])));
  if (!position || !event) {
    return fail(Errc::kCorrupt, "an event in the outbox does not decode");
  }
  return OutboxEntry{*position, std::move(*event)};
}

}  // namespace disposable
