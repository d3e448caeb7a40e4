#include "store/rocksdb/schema.h"

#include <algorithm>

namespace disposable {

namespace {

constexpr std::size_t kHeader = 24;  // of a stored record
constexpr std::uint64_t kSignBit = 1ULL << 63U;

OutboxKey big_endian(std::uint64_t value) {
  OutboxKey out{};
  for (std::size_t i = out.size(); i-- > 0;) {
    out[i] = static_cast<std::uint8_t>(value);
    value >>= 8U;
  }
  return out;
}

std::uint64_t from_big_endian(ByteView bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) {
    value = (value << 8U) | byte;
  }
  return value;
}

std::int64_t milliseconds(WallTime time) { return time.time_since_epoch().count(); }

WallTime wall_time(std::int64_t milliseconds_since_epoch) {
  return WallTime{std::chrono::milliseconds{milliseconds_since_epoch}};
}

}  // namespace

Bytes encode_identity(const Identity& identity) { return ByteWriter().u32(identity.format).raw(identity.check).take(); }

Result<Identity> decode_identity(ByteView value) {
  ByteReader reader(value);
  Identity identity;
  identity.format = reader.u32();
  identity.check = reader.array<16>();
  if (!reader.finished()) {
    return fail(Errc::kCorrupt, "the identity of the store does not decode");
  }
  return identity;
}

Bytes encode_stored_record(std::uint64_t version, const Entry& entry, std::uint64_t payload_bytes, ByteView payload) {
  const std::size_t inline_bytes = is_inline(payload_bytes) ? payload.size() : 0;
  ByteWriter writer(kHeader + entry.record.size() + inline_bytes);
  writer.u64(version).i64(milliseconds(entry.due)).u64(payload_bytes).raw(entry.record);
  if (is_inline(payload_bytes)) {
    check(payload.size() == payload_bytes, "a small payload is written with its record");
    writer.raw(payload);
  }
  return writer.take();
}

Result<StoredRecord> decode_stored_record(ByteView value) {
  ByteReader reader(value);
  StoredRecord stored;
  stored.version = reader.u64();
  stored.due = wall_time(reader.i64());
  stored.payload_bytes = reader.u64();
  const std::uint64_t inline_bytes = is_inline(stored.payload_bytes) ? stored.payload_bytes : 0;
  if (!reader.ok() || stored.version == 0 || value.size() - kHeader < inline_bytes) {
    return fail(Errc::kCorrupt, "a stored record does not decode");
  }
  const ByteView payload = value.last(static_cast<std::size_t>(inline_bytes));
  const ByteView record = value.subspan(kHeader, value.size() - kHeader - payload.size());
  stored.record.assign(record.begin(), record.end());
  stored.payload.assign(payload.begin(), payload.end());
  return stored;
}

ScheduleKey schedule_key(WallTime due, const StoreId& id) {
  ScheduleKey key{};
  const OutboxKey time = big_endian(static_cast<std::uint64_t>(milliseconds(due)) ^ kSignBit);
  std::copy(time.begin(), time.end(), key.begin());
  std::copy(id.bytes.begin(), id.bytes.end(), key.begin() + time.size());
  return key;
}

Result<DueEntry> decode_schedule_key(ByteView key) {
  constexpr std::size_t kTime = 8;
  if (key.size() != ScheduleKey{}.size()) {
    return fail(Errc::kCorrupt, "a schedule key does not decode");
  }
  DueEntry entry;
  entry.due = wall_time(static_cast<std::int64_t>(from_big_endian(key.first(kTime)) ^ kSignBit));
  const ByteView id = key.subspan(kTime);
  std::copy(id.begin(), id.end(), entry.id.bytes.begin());
  return entry;
}

OutboxKey outbox_key(std::uint64_t position) { return big_endian(position); }

Result<std::uint64_t> decode_outbox_key(ByteView key) {
  if (key.size() != OutboxKey{}.size()) {
    return fail(Errc::kCorrupt, "an outbox key does not decode");
  }
  return from_big_endian(key);
}

Bytes encode_acknowledged(const AcknowledgedMark& mark) {
  return ByteWriter().u64(mark.position).raw(mark.id.bytes).take();
}

Result<AcknowledgedMark> decode_acknowledged(ByteView value) {
  ByteReader reader(value);
  AcknowledgedMark mark;
  mark.position = reader.u64();
  mark.id.bytes = reader.array<16>();
  if (!reader.finished()) {
    return fail(Errc::kCorrupt, "the mark of the last acknowledged event does not decode");
  }
  return mark;
}

Bytes encode_totals(const StoreTotals& totals) {
  return ByteWriter().i64(totals.live_secrets).u64(totals.payload_bytes).take();
}

Result<StoreTotals> decode_totals(ByteView value) {
  ByteReader reader(value);
  StoreTotals totals;
  totals.live_secrets = reader.i64();
  totals.payload_bytes = reader.u64();
  if (!reader.finished()) {
    return fail(Errc::kCorrupt, "the totals of the store do not decode");
  }
  return totals;
}

}  // namespace disposable
