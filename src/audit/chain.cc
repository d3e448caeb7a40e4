#include "audit/chain.h"

#include "crypto/hash.h"

namespace disposable {

namespace {

// Keep the two uses of the key apart: no row can pass for a head.
constexpr std::string_view kRowDomain = "disposable-secrets audit row 1";
constexpr std::string_view kHeadDomain = "disposable-secrets audit head 1";

ChainHash hash_of(const SymmetricKey& audit_key, const Bytes& encoded) {
  ChainHash hash;
  keyed_hash(audit_key, {encoded}, hash);
  return hash;
}

}  // namespace

ChainHash row_hash(const SymmetricKey& audit_key, const ChainHash& previous, const AuditRow& row) {
  ByteWriter writer;
  writer.block(as_bytes(kRowDomain))
      .raw(previous)
      .i64(row.id)
      .block(as_bytes(row.secret_key))
      .block(as_bytes(row.action))
      .block(as_bytes(row.ip_address))
      .block(as_bytes(row.created_at))
      .block(as_bytes(row.extra_data))
      .block(as_bytes(row.event_id));
  return hash_of(audit_key, writer.take());
}

ChainHash head_mac(const SymmetricKey& audit_key, const ChainHead& head) {
  ByteWriter writer;
  writer.block(as_bytes(kHeadDomain)).i64(head.count).raw(head.hash);
  return hash_of(audit_key, writer.take());
}

}  // namespace disposable
