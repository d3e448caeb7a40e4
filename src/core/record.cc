#include "core/record.h"

#include <algorithm>

#include "core/shared_secret.h"
#include "core/webhook.h"

namespace disposable {

namespace {

constexpr std::uint8_t kFlagGuarded = 1;
constexpr std::uint8_t kFlagHasPayload = 2;
constexpr std::uint8_t kFlagAsksProof = 4;
constexpr std::uint8_t kFlagRequest = 8;
constexpr std::size_t kSealedMax = 256;  // a sealed data key has 72 bytes, a sealed verifier 100

std::int64_t milliseconds(WallTime time) { return time.time_since_epoch().count(); }

WallTime wall_time(std::int64_t milliseconds) { return WallTime(std::chrono::milliseconds(milliseconds)); }

std::uint8_t flags_of(const Record& record) {
  return static_cast<std::uint8_t>((record.guarded ? kFlagGuarded : 0U) | (record.has_payload ? kFlagHasPayload : 0U) |
                                   (record.asks_proof ? kFlagAsksProof : 0U) | (record.request ? kFlagRequest : 0U));
}

ByteView view_of(const std::optional<RecordHash>& hash) { return hash ? ByteView(*hash) : ByteView(); }

// False when there are bytes that are no hash.
bool read_hash(ByteReader& reader, std::optional<RecordHash>& hash) {
  const Bytes bytes = reader.block(sizeof(RecordHash));
  if (bytes.size() == sizeof(RecordHash)) {
    std::copy(bytes.begin(), bytes.end(), hash.emplace().begin());
  }
  return bytes.empty() || hash;
}

void write_v2(ByteWriter& writer, const Record& record) {
  writer.i64(milliseconds(record.changed_at))
      .u8(record.views)
      .u8(record.views_left)
      .u64(record.bytes)
      .block(view_of(record.proof))
      .block(view_of(record.repetition))
      .block(record.webhook)
      .u8(static_cast<std::uint8_t>(record.claims.size()));
  for (const OpenClaim& claim : record.claims) {
    writer.raw(claim.name)
        .i64(milliseconds(claim.until))
        .u8(claim.views_left)
        .u8(claim.repetitions)
        .block(claim.wrapped_key);
  }
}

// With room for what is added to it.
bool is_storable(WallTime time) {
  constexpr std::int64_t kYear10000 = 253'402'300'800'000;
  return milliseconds(time) >= 0 && milliseconds(time) < kYear10000;
}

std::size_t claims_max(const Record& record) {
  const bool none = record.request || record.state == State::kDeleted || record.state == State::kExpired;
  return none ? 0U : static_cast<std::size_t>(record.views - record.views_left);
}

// False for what no record can be.
bool read_v2(ByteReader& reader, Record& record) {
  record.changed_at = wall_time(reader.i64());
  record.views = reader.u8();
  record.views_left = reader.u8();
  record.bytes = reader.u64();
  bool known = read_hash(reader, record.proof);
  known = read_hash(reader, record.repetition) && known;
  record.webhook = reader.block(kSealedWebhookMax);
  const std::size_t claims = reader.u8();
  known = known && record.views >= 1 && record.views <= kViewsMax && record.views_left <= record.views &&
          (record.views_left > 0) == (record.state == State::kLive) && is_storable(record.changed_at) &&
          (!record.repetition || record.state == State::kLive) &&
          (record.webhook.empty() || record.state == State::kLive) && claims <= claims_max(record);
  for (std::size_t i = 0; known && reader.ok() && i < claims; ++i) {
    OpenClaim claim;
    claim.name = reader.array<sizeof(RecordHash)>();
    claim.until = wall_time(reader.i64());
    claim.views_left = reader.u8();
    claim.repetitions = reader.u8();
    claim.wrapped_key = reader.block(kSealedMax);
    known = is_storable(claim.until) && claim.views_left >= record.views_left && claim.views_left < record.views;
    record.claims.push_back(std::move(claim));
  }
  return known;
}

}  // namespace

Bytes encode_record(const Record& record) {
  ByteWriter writer;
  writer.u8(static_cast<std::uint8_t>(record.format))
      .u8(static_cast<std::uint8_t>(record.state))
      .u8(flags_of(record))
      .u8(record.wrong_passphrases)
      .i64(milliseconds(record.created_at))
      .i64(milliseconds(record.expires_at))
      .i64(milliseconds(record.locked_until))
      .u32(record.epoch)
      .raw(record.fingerprint.bytes)
      .block(record.wrapped_key)
      .block(record.verifier);
  if (record.format == RecordFormat::kApiV2) {
    write_v2(writer, record);
  }
  return writer.take();
}

Result<Record> decode_record(ByteView bytes) {
  ByteReader reader(bytes);
  Record record;
  record.format = static_cast<RecordFormat>(reader.u8());
  const bool v2 = record.format == RecordFormat::kApiV2;
  record.state = static_cast<State>(reader.u8());
  const std::uint8_t flags = reader.u8();
  record.guarded = (flags & kFlagGuarded) != 0;
  record.has_payload = (flags & kFlagHasPayload) != 0;
  record.asks_proof = (flags & kFlagAsksProof) != 0;
  record.request = (flags & kFlagRequest) != 0;
  record.wrong_passphrases = reader.u8();
  record.created_at = wall_time(reader.i64());
  record.expires_at = wall_time(reader.i64());
  record.locked_until = wall_time(reader.i64());
  record.epoch = reader.u32();
  record.fingerprint.bytes = reader.array<16>();
  record.wrapped_key = reader.block(kSealedMax);
  record.verifier = reader.block(kSealedMax);
  const unsigned flags_known = kFlagGuarded | kFlagHasPayload | (v2 ? kFlagAsksProof | kFlagRequest : 0U);
  bool known = (v2 || record.format == RecordFormat::kApiV1) && record.state >= State::kLive &&
               record.state <= State::kExpired && (flags & ~flags_known) == 0 && is_storable(record.created_at) &&
               is_storable(record.expires_at) && is_storable(record.locked_until);
  if (v2) {
    known = known && read_v2(reader, record);
  }
  if (!reader.finished() || !known) {
    return fail(Errc::kCorrupt, "a record does not decode");
  }
  return record;
}

}  // namespace disposable
