#include "store/rocksdb/rocksdb_store.h"

#include <algorithm>

namespace disposable {

namespace {

using PayloadPlace = CachedEntry::PayloadPlace;

std::vector<Bytes> encode_all(std::span<const Event> events) {
  std::vector<Bytes> encoded;
  encoded.reserve(events.size());
  for (const Event& event : events) {
    encoded.push_back(encode_event(event));
  }
  return encoded;
}

void drop_payload(const CachedEntry& current, Change& change) {
  change.payload = is_inline(current.payload_bytes) ? Payload::kKeep : Payload::kDrop;
  change.payload_bytes_change = -static_cast<std::int64_t>(current.payload_bytes);
}

}  // namespace

Result<Ticket> RocksDbStore::insert(const StoreId& id, Entry entry, Bytes payload, std::span<const Event> events) {
  Change change{.kind = Change::Kind::kInsert, .id = id};
  change.record = encode_stored_record(1, entry, payload.size(), payload);
  change.due_after = entry.due;
  change.events = encode_all(events);
  change.live_secrets_change = live_secrets_change(events);
  change.payload_bytes_change = static_cast<std::int64_t>(payload.size());
  CachedEntry next{.version = 1, .entry = std::move(entry), .payload_place = PayloadPlace::kHere};
  next.payload_bytes = payload.size();
  next.payload = std::make_shared<const Bytes>(std::move(payload));
  if (!is_inline(next.payload_bytes)) {
    change.new_payload = next.payload;
  }

  Stripe& stripe = stripe_of(id);
  const MutexLock lock(stripe.mutex);
  const Result<const CachedEntry*> current = find(stripe, id);
  if (!current) {
    return fail(current.error());
  }
  if (*current != nullptr) {
    return fail(Errc::kAlreadyExists, "the id is taken");
  }
  if (disk_space_.low()) {
    return fail(Errc::kStorageFull, "disk nearly full");
  }
  return decide(stripe, std::move(change), std::move(next));
}

Result<Loaded> RocksDbStore::load(const StoreId& id) {
  Stripe& stripe = stripe_of(id);
  const MutexLock lock(stripe.mutex);
  const Result<const CachedEntry*> current = find(stripe, id);
  if (!current) {
    return fail(current.error());
  }
  if (*current == nullptr) {
    return fail(Errc::kNotFound, "no such record");
  }
  return Loaded{(*current)->entry.record, (*current)->version, ticket_of(**current)};
}

Result<Bytes> RocksDbStore::load_payload(const StoreId& id) {
  Stripe& stripe = stripe_of(id);
  const MutexLock lock(stripe.mutex);
  const Result<const CachedEntry*> current = find(stripe, id);
  if (!current) {
    return fail(current.error());
  }
  if (*current == nullptr || (*current)->payload_place == PayloadPlace::kNone) {
    return fail(Errc::kNotFound, "no such payload");
  }
  if ((*current)->payload_place == PayloadPlace::kHere) {
    return *(*current)->payload;
  }
  Result<std::optional<Bytes>> stored = database_.read(Family::kPayloads, id.bytes);
  if (!stored) {
    return fail(stored.error());
  }
  if (!stored->has_value()) {
    return fail(Errc::kNotFound, "no such payload");
  }
  return std::move(**stored);
}

Result<Ticket> RocksDbStore::replace(const StoreId& id, std::uint64_t expected_version, Entry entry, Payload payload,
                                     std::span<const Event> events) {
  Change change{.kind = Change::Kind::kReplace, .id = id};
  change.due_after = entry.due;
  change.events = encode_all(events);
  change.live_secrets_change = live_secrets_change(events);
  CachedEntry next{.version = expected_version + 1, .entry = std::move(entry), .payload_place = PayloadPlace::kNone};

  Stripe& stripe = stripe_of(id);
  const MutexLock lock(stripe.mutex);
  const Result<const CachedEntry*> current = find_version(stripe, id, expected_version);
  if (!current) {
    return fail(current.error());
  }
  change.due_before = (*current)->entry.due;
  if (payload == Payload::kKeep) {
    next.payload_place = (*current)->payload_place;
    next.payload_bytes = (*current)->payload_bytes;
    next.payload = (*current)->payload;
  } else {
    drop_payload(**current, change);
  }
  // A small payload came into the cache with its record, so it is there to be written again.
  const ByteView payload_here = next.payload == nullptr ? ByteView{} : ByteView(*next.payload);
  change.record = encode_stored_record(next.version, next.entry, next.payload_bytes, payload_here);
  return decide(stripe, std::move(change), std::move(next));
}

Result<Ticket> RocksDbStore::purge(const StoreId& id, std::uint64_t expected_version) {
  Stripe& stripe = stripe_of(id);
  const MutexLock lock(stripe.mutex);
  const Result<const CachedEntry*> current = find_version(stripe, id, expected_version);
  if (!current) {
    return fail(current.error());
  }
  Change change{.kind = Change::Kind::kPurge, .id = id, .due_before = (*current)->entry.due};
  drop_payload(**current, change);
  return decide(stripe, std::move(change), CachedEntry{.exists = false, .payload_place = PayloadPlace::kNone});
}

Result<std::vector<DueEntry>> RocksDbStore::due(WallTime now, std::size_t limit) {
  Result<void> serving = queue_.ready();
  if (!serving) {
    return fail(serving.error());
  }
  const MutexLock lock(due_mutex_);
  const ScheduleKey from = due_cursor_.begin_scan();
  const WallTime end = now < WallTime::max() ? now + std::chrono::milliseconds{1} : now;
  const ScheduleKey until = schedule_floor(end);
  std::optional<ScheduleKey> first;
  std::vector<DueEntry> found;
  Result<void> decoded;
  Result<void> scanned = database_.scan(Family::kSchedule, {from, until}, [&](ByteView key, ByteView /*value*/) {
    const Result<DueEntry> entry = decode_schedule_key(key);
    if (!entry) {
      decoded = fail(entry.error());
      return false;
    }
    if (!first.has_value()) {
      first = schedule_key(entry->due, entry->id);
    }
    if (found.size() >= limit) {
      return false;
    }
    found.push_back(*entry);
    return true;
  });
  const bool complete = scanned && decoded;
  due_cursor_.end_scan(complete ? first.value_or(std::max(from, until)) : from);
  if (!complete) {
    return fail(scanned ? decoded.error() : scanned.error());
  }
  return found;
}

Result<std::vector<OutboxEntry>> RocksDbStore::pending(std::uint64_t after_position, std::size_t limit) {
  Result<void> serving = queue_.ready();
  if (!serving) {
    return fail(serving.error());
  }
  const std::uint64_t after = std::max(after_position, queue_.outbox().acknowledged_position);
  std::vector<OutboxEntry> found;
  Result<void> decoded;
  Result<void> scanned =
      database_.scan(Family::kOutbox, {outbox_key(after + 1), {}}, [&](ByteView key, ByteView value) {
        if (found.size() >= limit) {
          return false;
        }
        const Result<std::uint64_t> position = decode_outbox_key(key);
        Result<Event> event = decode_event(value);
        if (!position || !event) {
          decoded = fail(Errc::kCorrupt, "an event in the outbox does not decode");
          return false;
        }
        found.push_back({*position, std::move(*event)});
        return true;
      });
  if (!scanned || !decoded) {
    return fail(scanned ? decoded.error() : scanned.error());
  }
  return found;
}

Result<std::optional<EventId>> RocksDbStore::last_acknowledged() {
  Result<void> serving = queue_.ready();
  if (!serving) {
    return fail(serving.error());
  }
  return queue_.outbox().acknowledged_id;
}

Result<const CachedEntry*> RocksDbStore::find(Stripe& stripe, const StoreId& id) {
  // After the stripe is locked: on_suspended() passes through every stripe, so what is decided here is either accepted
  // before an outage, or refused, or starts from what recovery found.
  Result<void> serving = queue_.ready();
  if (!serving) {
    return fail(serving.error());
  }
  if (const CachedEntry* cached = stripe.cache.find(id)) {
    return cached->exists ? cached : nullptr;
  }
  const Result<std::optional<Bytes>> value = database_.read(Family::kRecords, id.bytes);
  if (!value) {
    return fail(value.error());
  }
  if (!value->has_value()) {
    return nullptr;
  }
  Result<StoredRecord> stored = decode_stored_record(**value);
  if (!stored) {
    return fail(stored.error());
  }
  CachedEntry entry{.version = stored->version, .entry = {std::move(stored->record), stored->due}};
  entry.payload_bytes = stored->payload_bytes;
  if (is_inline(stored->payload_bytes)) {
    entry.payload_place = PayloadPlace::kHere;
    entry.payload = std::make_shared<const Bytes>(std::move(stored->payload));
  }
  stripe.cache.trim(progress_.settled());
  return stripe.cache.put(id, std::move(entry));
}

Result<const CachedEntry*> RocksDbStore::find_version(Stripe& stripe, const StoreId& id, std::uint64_t version) {
  Result<const CachedEntry*> current = find(stripe, id);
  if (current && (*current == nullptr || (*current)->version != version)) {
    return fail(Errc::kConflict, "the record is at another version or gone");
  }
  return current;
}

Result<Ticket> RocksDbStore::decide(Stripe& stripe, Change change, CachedEntry next) {
  const StoreId id = change.id;
  const Result<CommitSequence> sequence = queue_.push(std::move(change));
  if (!sequence) {
    return fail(sequence.error());
  }
  next.sequence = *sequence;
  stripe.cache.put(id, std::move(next));
  return Ticket(*this, *sequence);
}

Ticket RocksDbStore::ticket_of(const CachedEntry& entry) {
  return entry.sequence <= progress_.settled() ? Ticket{} : Ticket(*this, entry.sequence);
}

void RocksDbStore::on_written(const std::vector<Operation>& operations) {
  std::optional<ScheduleKey> earliest;
  for (const Operation& operation : operations) {
    const auto* change = std::get_if<Change>(&operation.what);
    if (change != nullptr && change->due_after.has_value()) {
      const ScheduleKey key = schedule_key(*change->due_after, change->id);
      earliest = earliest.has_value() ? std::min(*earliest, key) : key;
    }
  }
  if (earliest.has_value()) {
    due_cursor_.written(*earliest);
  }
}

void RocksDbStore::on_settled(const std::vector<Operation>& operations) {
  for (const Operation& operation : operations) {
    if (const auto* change = std::get_if<Change>(&operation.what)) {
      Stripe& stripe = stripe_of(change->id);
      const MutexLock lock(stripe.mutex);
      stripe.cache.trim(progress_.settled());
    }
  }
}

void RocksDbStore::on_suspended() {
  for (const std::unique_ptr<Stripe>& stripe : stripes_) {
    const MutexLock lock(stripe->mutex);
    stripe->cache.clear();
  }
}

void RocksDbStore::on_fatal(const std::string& reason) {
  if (options_.on_fatal) {
    options_.on_fatal(reason);
  }
}

}  // namespace disposable
