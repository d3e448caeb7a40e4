#include "core/record.h"

namespace disposable {

namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kFlagGuarded = 1;
constexpr std::uint8_t kFlagHasPayload = 2;
constexpr std::size_t kSealedMax = 256;  // a sealed data key has 72 bytes, a sealed verifier 100

std::int64_t milliseconds(WallTime time) { return time.time_since_epoch().count(); }

WallTime wall_time(std::int64_t milliseconds) { return WallTime(std::chrono::milliseconds(milliseconds)); }

}  // namespace

Bytes encode_record(const Record& record) {
  const unsigned flags = (record.guarded ? kFlagGuarded : 0U) | (record.has_payload ? kFlagHasPayload : 0U);
  return ByteWriter()
      .u8(kFormat)
      .u8(static_cast<std::uint8_t>(record.state))
      .u8(static_cast<std::uint8_t>(flags))
      .u8(record.wrong_passphrases)
      .i64(milliseconds(record.created_at))
      .i64(milliseconds(record.expires_at))
      .i64(milliseconds(record.locked_until))
      .u32(record.epoch)
      .raw(record.fingerprint.bytes)
      .block(record.wrapped_key)
      .block(record.verifier)
      .take();
}

Result<Record> decode_record(ByteView bytes) {
  ByteReader reader(bytes);
  Record record;
  const std::uint8_t format = reader.u8();
  record.state = static_cast<State>(reader.u8());
  const std::uint8_t flags = reader.u8();
  record.guarded = (flags & kFlagGuarded) != 0;
  record.has_payload = (flags & kFlagHasPayload) != 0;
  record.wrong_passphrases = reader.u8();
  record.created_at = wall_time(reader.i64());
  record.expires_at = wall_time(reader.i64());
  record.locked_until = wall_time(reader.i64());
  record.epoch = reader.u32();
  record.fingerprint.bytes = reader.array<16>();
  record.wrapped_key = reader.block(kSealedMax);
  record.verifier = reader.block(kSealedMax);
  const bool known = format == kFormat && record.state >= State::kLive && record.state <= State::kExpired &&
                     (flags & ~(kFlagGuarded | kFlagHasPayload)) == 0;
  if (!reader.finished() || !known) {
    return fail(Errc::kCorrupt, "a record does not decode");
  }
  return record;
}

}  // namespace disposable
