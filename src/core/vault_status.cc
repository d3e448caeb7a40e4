#include "core/vault_steps.h"
#include "crypto/aead.h"

namespace disposable {

namespace {

Stage stage_of(State state) {
  switch (state) {
    case State::kLive:
      return Stage::kLive;
    case State::kRetrieved:
      return Stage::kRetrieved;
    case State::kDeleted:
      return Stage::kDeleted;
    case State::kExpired:
      return Stage::kExpired;
  }
  return Stage::kExpired;
}

}  // namespace

Held<Status> Vault::status_of(const StoreId& id) {
  const tl::expected<Current, Refusal> current = look(id);
  if (!current) {
    return {fail(current.error().error), current.error().ticket};
  }
  const Record& record = current->record;
  if (record.request || current->now >= retain_until(record)) {
    return {fail(Errc::kNotFound, "forgotten, or a request"), current->ticket};
  }
  Status status;
  status.stage = stage_of(record.state);
  status.created_at = record.created_at;
  status.expires_at = record.expires_at;
  status.views = record.views;
  status.passphrase = record.guarded;
  status.proof = record.asks_proof;
  if (locked_for(record, current->now).count() > 0) {
    status.locked_until = record.locked_until;
  }
  if (record.format == RecordFormat::kApiV2) {
    status.views_left = record.views_left;
    status.bytes = record.bytes;
    if (record.changed_at != WallTime{}) {
      status.changed_at = record.changed_at;
    }
    return {status, current->ticket};
  }
  status.views_left = record.state == State::kLive ? 1 : 0;
  if (record.state == State::kLive) {
    // A record of format 1 does not say it.
    const Result<Bytes> payload = parts_.store.load_payload(id);
    if (!payload && payload.error().code != Errc::kNotFound) {
      return {fail(payload.error())};
    }
    status.bytes = payload && payload->size() > kBoxOverhead ? payload->size() - kBoxOverhead : 0;
  }
  return {status, current->ticket};
}

Held<Status> Vault::status(const SecretKey& key) { return status_of(parts_.keyring.store_id(key)); }

Held<Status> Vault::receipt(const ReceiptKey& receipt) {
  const Result<StoreId> id = parts_.keyring.open_receipt(receipt);
  if (!id) {
    return {fail(id.error())};
  }
  return status_of(*id);
}

}  // namespace disposable
