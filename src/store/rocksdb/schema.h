// The keys and values of the RocksDB store, by column family:
//
//   default   "identity"         format version u32, keyring check (16 bytes)
//             "acknowledged"     outbox position u64, event id (16 bytes)
//   records   store id           version u64, due i64 (milliseconds since the epoch), the record
//   payloads  store id           the payload
//   schedule  due, store id      nothing
//   outbox    position           encode_event()
//
// Integers in values are little-endian. `due` and `position` in keys are big-endian (`due` with its sign bit flipped),
// so that the order of the bytes is the order of the numbers.

#pragma once

#include <array>

#include "core/store.h"

namespace disposable {

enum class Family : std::uint8_t { kMeta, kRecords, kPayloads, kSchedule, kOutbox };
inline constexpr std::array<const char*, 5> kFamilyNames{"default", "records", "payloads", "schedule", "outbox"};

inline constexpr std::uint32_t kStoreFormat = 1;
inline constexpr std::string_view kIdentityKey = "identity";
inline constexpr std::string_view kAcknowledgedKey = "acknowledged";

using KeyringCheck = std::array<std::uint8_t, 16>;
Bytes encode_identity(const KeyringCheck& check);

struct StoredRecord {
  std::uint64_t version = 0;
  WallTime due;
  Bytes record;
};
Bytes encode_stored_record(std::uint64_t version, const Entry& entry);
// kCorrupt for anything else than encode_stored_record wrote.
Result<StoredRecord> decode_stored_record(ByteView value);

using ScheduleKey = std::array<std::uint8_t, 40>;
ScheduleKey schedule_key(WallTime due, const StoreId& id);
// Sorts before every entry due at `due` or later.
inline ScheduleKey schedule_floor(WallTime due) { return schedule_key(due, StoreId{}); }
Result<DueEntry> decode_schedule_key(ByteView key);

using OutboxKey = std::array<std::uint8_t, 8>;
OutboxKey outbox_key(std::uint64_t position);
Result<std::uint64_t> decode_outbox_key(ByteView key);

struct AcknowledgedMark {
  std::uint64_t position = 0;
  EventId id;
};
Bytes encode_acknowledged(const AcknowledgedMark& mark);
Result<AcknowledgedMark> decode_acknowledged(ByteView value);

}  // namespace disposable
