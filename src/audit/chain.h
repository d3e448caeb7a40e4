// The hash chain of `secret_logs`: what makes an edited, deleted, inserted or moved row visible.
//
// Each row's hash is BLAKE2b-256 (RFC 7693) under the keyring's audit key over, in this order,
//   block "disposable-secrets audit row 1", the 32 bytes of the hash of the row before (zeros for the first),
//   i64 id, then a block each of secret_key, action, ip_address, created_at, extra_data and event_id,
// where i64 is little-endian and a block is a u32 length and the bytes (base/bytes.h): no two rows share an encoding.
// The head seals how long the chain is, so that cutting off its end is visible too. Its mac is the same hash over
//   block "disposable-secrets audit head 1", i64 count, the 32 bytes of the hash of the last row (zeros for none).
//
// What it cannot show: a whole log put back to an earlier state. Projector::check_continuity finds that.
// Pure functions; thread-safe.

#pragma once

#include "audit/audit_row.h"

namespace disposable {

using ChainHash = std::array<std::uint8_t, 32>;

// The hash "before" the first row.
inline constexpr ChainHash kChainStart{};

// The end of the chain: how many rows there are, and the hash of the last one. A value.
struct ChainHead {
  std::int64_t count = 0;
  ChainHash hash = kChainStart;

  bool operator==(const ChainHead&) const = default;
};

ChainHash row_hash(const SymmetricKey& audit_key, const ChainHash& previous, const AuditRow& row);
ChainHash head_mac(const SymmetricKey& audit_key, const ChainHead& head);

}  // namespace disposable
