#include "store/rocksdb/rocksdb_transfer.h"

#include <algorithm>
#include <filesystem>

#include "store/rocksdb/outbox_state.h"

namespace disposable {

namespace {

// Large payloads are moved a few at a time.
constexpr std::size_t kPayloadBytes = 8UL << 20U;

Result<StoreId> store_id(ByteView key) {
  StoreId id;
  if (key.size() != id.bytes.size()) {
    return fail(Errc::kCorrupt, "a key of the store does not decode");
  }
  std::copy(key.begin(), key.end(), id.bytes.begin());
  return id;
}

}  // namespace

Result<std::unique_ptr<RocksDbTransfer>> RocksDbTransfer::open(const std::string& directory, End end) {
  std::error_code error;
  if (end == End::kSource && !std::filesystem::exists(directory + "/CURRENT", error)) {
    return fail(Errc::kNotFound, "there is no store in " + directory);
  }
  std::filesystem::create_directories(directory, error);
  if (error) {
    return fail(Errc::kUnavailable, "cannot make the folder " + directory + ": " + error.message());
  }
  Result<FolderLock> lock = FolderLock::acquire(directory);
  if (!lock) {
    return fail(lock.error());
  }
  std::unique_ptr<RocksDbTransfer> transfer(new RocksDbTransfer(directory, std::move(*lock)));
  const Result<void> opened = transfer->database_.open();
  if (!opened) {
    return fail(opened.error());
  }
  return transfer;
}

Result<std::optional<Identity>> RocksDbTransfer::identity() {
  const Result<std::optional<Bytes>> stored = database_.read(Family::kMeta, as_bytes(kIdentityKey));
  if (!stored || !stored->has_value()) {
    return stored ? Result<std::optional<Identity>>(std::nullopt) : fail(stored.error());
  }
  const Result<Identity> identity = decode_identity(**stored);
  if (identity && identity->format != kStoreFormat && identity->format != kMovingFormat) {
    return fail(Errc::kInvalidArgument, directory_ + " holds a backup, or is of another version of this program");
  }
  return identity ? Result<std::optional<Identity>>(*identity) : fail(identity.error());
}

Result<std::optional<KeyringCheck>> RocksDbTransfer::keyring_check() {
  const Result<std::optional<Identity>> found = identity();
  if (!found) {
    return fail(found.error());
  }
  return found->has_value() ? std::optional((*found)->check) : std::nullopt;
}

Result<MoveState> RocksDbTransfer::move_state() {
  const Result<std::optional<Bytes>> stored = database_.read(Family::kMeta, as_bytes(kMoveKey));
  if (!stored) {
    return fail(stored.error());
  }
  return stored->has_value() ? move_state_from(as_text(**stored)) : MoveState{};
}

Result<bool> RocksDbTransfer::empty() {
  bool found = false;
  for (const Family family : {Family::kRecords, Family::kOutbox}) {
    const Result<void> scanned = database_.scan(family, {}, [&found](ByteView /*key*/, ByteView /*value*/) {
      found = true;
      return false;
    });
    if (!scanned) {
      return fail(scanned.error());
    }
  }
  return !found;
}

Result<StoreTotals> RocksDbTransfer::totals() { return read_totals(database_); }

Result<std::optional<EventId>> RocksDbTransfer::last_acknowledged() {
  const Result<OutboxState> state = read_outbox_state(database_);
  return state ? Result<std::optional<EventId>>(state->acknowledged_id) : fail(state.error());
}

Result<void> RocksDbTransfer::write(Database::Batch& batch) {
  const Database::Written written = database_.write(batch, Database::Sync::kYes);
  return written.outcome == Database::Outcome::kWritten
             ? Result<void>{}
             : fail(Errc::kUnavailable, "cannot write to " + directory_ + ": " + written.reason);
}

Result<void> RocksDbTransfer::say(const MoveState& state, const KeyringCheck& check, Database::Batch& batch) {
  const std::uint32_t format = state.role == MoveState::Role::kNone ? kStoreFormat : kMovingFormat;
  batch.put(Family::kMeta, as_bytes(kIdentityKey), encode_identity({format, check}));
  batch.put(Family::kMeta, as_bytes(kMoveKey), as_bytes(to_text(state)));
  return write(batch);
}

Result<void> RocksDbTransfer::begin_arriving(const KeyringCheck& keyring_check, const std::string& move) {
  Database::Batch batch(database_);
  return say({MoveState::Role::kArriving, move}, keyring_check, batch);
}

Result<void> RocksDbTransfer::begin_leaving(const std::string& move) {
  const Result<std::optional<Identity>> found = identity();
  if (!found) {
    return fail(found.error());
  }
  Database::Batch batch(database_);
  return say({MoveState::Role::kLeaving, move}, found->value_or(Identity{}).check, batch);
}

Result<void> RocksDbTransfer::end_arriving(const StoreTotals& totals, const std::optional<EventId>& last_acknowledged) {
  const Result<std::optional<Identity>> found = identity();
  const Result<MoveState> state = found ? move_state() : fail(found.error());
  if (!state) {
    return fail(state.error());
  }
  Database::Batch batch(database_);
  batch.put(Family::kMeta, as_bytes(kTotalsKey), encode_totals(totals));
  if (last_acknowledged) {
    batch.put(Family::kMeta, as_bytes(kAcknowledgedKey), encode_acknowledged({0, *last_acknowledged}));
  }
  return say({MoveState::Role::kNone, state->move}, found->value_or(Identity{}).check, batch);
}

// What was erased is in files until these are rewritten. Before the last word, so that a run that is broken off is
// followed by one that rewrites them.
Result<void> RocksDbTransfer::end_leaving() {
  const Result<std::optional<Identity>> found = identity();
  const Result<MoveState> state = found ? move_state() : fail(found.error());
  if (!state) {
    return fail(state.error());
  }
  Result<void> compacted = database_.compact();
  if (!compacted) {
    return compacted;
  }
  Database::Batch batch(database_);
  return say({MoveState::Role::kLeft, state->move}, found->value_or(Identity{}).check, batch);
}

Result<StoredSecret> RocksDbTransfer::decode(const StoreId& id, ByteView value) {
  Result<StoredRecord> stored = decode_stored_record(value);
  if (!stored) {
    return fail(stored.error());
  }
  StoredSecret secret{id, stored->version, {std::move(stored->record), stored->due}, {}};
  if (is_inline(stored->payload_bytes)) {
    secret.payload = std::move(stored->payload);
    return secret;
  }
  Result<std::optional<Bytes>> payload = database_.read(Family::kPayloads, id.bytes);
  if (!payload) {
    return fail(payload.error());
  }
  secret.payload = std::move(*payload);
  return secret;
}

Result<std::vector<StoredSecret>> RocksDbTransfer::some_secrets(std::size_t limit) {
  std::vector<StoredSecret> secrets;
  std::size_t bytes = 0;
  Result<void> decoded;
  Result<void> scanned = database_.scan(Family::kRecords, {}, [&](ByteView key, ByteView value) {
    const Result<StoreId> id = store_id(key);
    Result<StoredSecret> secret = id ? decode(*id, value) : fail(id.error());
    if (!secret) {
      decoded = fail(secret.error());
      return false;
    }
    bytes += secret->payload ? secret->payload->size() : 0;
    secrets.push_back(std::move(*secret));
    return secrets.size() < limit && bytes < kPayloadBytes;
  });
  if (!scanned || !decoded) {
    return fail(scanned ? decoded.error() : scanned.error());
  }
  return secrets;
}

Result<std::optional<StoredSecret>> RocksDbTransfer::find(const StoreId& id) {
  const Result<std::optional<Bytes>> value = database_.read(Family::kRecords, id.bytes);
  if (!value || !value->has_value()) {
    return value ? Result<std::optional<StoredSecret>>(std::nullopt) : fail(value.error());
  }
  Result<StoredSecret> secret = decode(id, **value);
  return secret ? Result<std::optional<StoredSecret>>(std::move(*secret)) : fail(secret.error());
}

Result<void> RocksDbTransfer::put(std::span<const StoredSecret> secrets) {
  Database::Batch batch(database_);
  for (const StoredSecret& secret : secrets) {
    const Bytes none;
    const Bytes& payload = secret.payload ? *secret.payload : none;
    batch.put(Family::kRecords, secret.id.bytes,
              encode_stored_record(secret.version, secret.entry, payload.size(), payload));
    if (secret.payload && !is_inline(payload.size())) {
      batch.put(Family::kPayloads, secret.id.bytes, payload);
    }
    batch.put(Family::kSchedule, schedule_key(secret.entry.due, secret.id), {});
  }
  return write(batch);
}

Result<void> RocksDbTransfer::erase(std::span<const StoredSecret> secrets) {
  Database::Batch batch(database_);
  for (const StoredSecret& secret : secrets) {
    batch.remove(Family::kRecords, secret.id.bytes);
    batch.remove(Family::kPayloads, secret.id.bytes);
    batch.remove(Family::kSchedule, schedule_key(secret.entry.due, secret.id));
  }
  return write(batch);
}

Result<std::vector<OutboxEntry>> RocksDbTransfer::some_events(std::size_t limit) {
  std::vector<OutboxEntry> events;
  Result<void> decoded;
  Result<void> scanned = database_.scan(Family::kOutbox, {}, [&](ByteView key, ByteView value) {
    const Result<std::uint64_t> position = decode_outbox_key(key);
    Result<Event> event = decode_event(value);
    if (!position || !event) {
      decoded = fail(Errc::kCorrupt, "an event in the outbox does not decode");
      return false;
    }
    events.push_back({*position, std::move(*event)});
    return events.size() < limit;
  });
  if (!scanned || !decoded) {
    return fail(scanned ? decoded.error() : scanned.error());
  }
  return events;
}

Result<void> RocksDbTransfer::put_events(std::span<const OutboxEntry> events) {
  const Result<OutboxState> state = read_outbox_state(database_);
  if (!state) {
    return fail(state.error());
  }
  std::uint64_t position = state->next_position;
  Database::Batch batch(database_);
  for (const OutboxEntry& entry : events) {
    batch.put(Family::kOutbox, outbox_key(position++), encode_event(entry.event));
  }
  return write(batch);
}

Result<void> RocksDbTransfer::erase_events(std::span<const OutboxEntry> events) {
  Database::Batch batch(database_);
  for (const OutboxEntry& entry : events) {
    batch.remove(Family::kOutbox, outbox_key(entry.position));
  }
  return write(batch);
}

}  // namespace disposable
