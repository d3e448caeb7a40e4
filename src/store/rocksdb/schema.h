// The keys and values of the RocksDB store, by column family:
//
//   default   "identity"         format version u32 (its highest bits: a backup, in a move), keyring check (16 bytes)
//             "acknowledged"     outbox position u64, event id (16 bytes)
//             "move"             to_text(MoveState); absent in a store that never took part in a move
//             "totals"           live secrets i64, bytes of all payloads u64; absent in a new store
//   records   store id           version u64, due i64 (milliseconds since the epoch), size of its payload u64 (0 once
//                              dropped), the record, the payload when it is a small one
//   payloads  store id           any other payload
//   schedule  due, store id      nothing
//   outbox    position           encode_event()
//
// Integers in values are little-endian. `due` and `position` in keys are big-endian (`due` with its sign bit flipped),
// so that the order of the bytes is the order of the numbers.

#pragma once

#include <array>

#include "core/store.h"
#include "store/store_totals.h"

namespace disposable {

enum class Family : std::uint8_t { kMeta, kRecords, kPayloads, kSchedule, kOutbox };
inline constexpr std::array<const char*, 5> kFamilyNames{"default", "records", "payloads", "schedule", "outbox"};

inline constexpr std::uint32_t kStoreFormat = 3;
// Of a copy without keys and payloads, which is no store to serve from.
inline constexpr std::uint32_t kBackupFormat = 0x8000'0000U | kStoreFormat;
// Of a store that takes part in a move (store/store_transfer.h), or has left in one: no store to serve from.
inline constexpr std::uint32_t kMovingFormat = 0x4000'0000U | kStoreFormat;
inline constexpr std::string_view kIdentityKey = "identity";
inline constexpr std::string_view kAcknowledgedKey = "acknowledged";
inline constexpr std::string_view kTotalsKey = "totals";
inline constexpr std::string_view kMoveKey = "move";

using KeyringCheck = std::array<std::uint8_t, 16>;
struct Identity {
  std::uint32_t format = kStoreFormat;
  KeyringCheck check{};

  bool operator==(const Identity&) const = default;
};
Bytes encode_identity(const Identity& identity);
Result<Identity> decode_identity(ByteView value);

// A small payload is stored behind its record: writing it again with the record now and then costs less than an entry
// of its own, which has to be written, found and removed apart. Passwords, tokens and most keys are small.
inline constexpr std::uint64_t kInlinePayloadMax = 1024;
inline bool is_inline(std::uint64_t payload_bytes) { return 0 < payload_bytes && payload_bytes <= kInlinePayloadMax; }

struct StoredRecord {
  std::uint64_t version = 0;
  WallTime due;
  std::uint64_t payload_bytes = 0;
  Bytes record;
  Bytes payload;  // empty unless is_inline(payload_bytes)
};
// `payload` counts only when it is_inline().
Bytes encode_stored_record(std::uint64_t version, const Entry& entry, std::uint64_t payload_bytes, ByteView payload);
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

Bytes encode_totals(const StoreTotals& totals);
Result<StoreTotals> decode_totals(ByteView value);

}  // namespace disposable
