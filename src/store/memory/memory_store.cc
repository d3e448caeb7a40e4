#include "store/memory/memory_store.h"

namespace disposable {

Result<Ticket> MemoryStore::insert(const StoreId& id, Entry entry, Bytes payload, std::span<const Event> events) {
  const MutexLock lock(mutex_);
  if (records_.contains(id)) {
    return fail(Errc::kAlreadyExists, "the id is taken");
  }
  if (outbox_.size() >= limits_.creates_max) {
    return fail(Errc::kUnavailable, "the audit outbox is full: creates are refused");
  }
  if (totals_.payload_bytes + payload.size() > stored_bytes_max_) {
    return fail(Errc::kStorageFull, "as many bytes are stored as may be");
  }
  totals_.payload_bytes += payload.size();
  schedule_.emplace(entry.due, id);
  records_.emplace(id, Stored{std::move(entry), 1, std::move(payload)});
  append(events);
  return Ticket{};
}

Result<Loaded> MemoryStore::load(const StoreId& id) {
  const MutexLock lock(mutex_);
  const auto found = records_.find(id);
  if (found == records_.end()) {
    return fail(Errc::kNotFound, "no such record");
  }
  return Loaded{found->second.entry.record, found->second.version, Ticket{}};
}

Result<Bytes> MemoryStore::load_payload(const StoreId& id) {
  const MutexLock lock(mutex_);
  const auto found = records_.find(id);
  if (found == records_.end() || !found->second.payload.has_value()) {
    return fail(Errc::kNotFound, "no such payload");
  }
  return *found->second.payload;
}

Result<Ticket> MemoryStore::replace(const StoreId& id, std::uint64_t expected_version, Entry entry, Payload payload,
                                    std::span<const Event> events) {
  const MutexLock lock(mutex_);
  const auto found = find_version(id, expected_version);
  if (found == records_.end()) {
    return fail(Errc::kConflict, "the record is at another version or gone");
  }
  Result<void> room = events.empty() ? Result<void>() : room_for_changes();
  if (!room) {
    return fail(room.error());
  }
  Stored& stored = found->second;
  schedule_.erase({stored.entry.due, id});
  schedule_.emplace(entry.due, id);
  stored.entry = std::move(entry);
  ++stored.version;
  if (payload == Payload::kDrop) {
    drop_payload(stored);
  }
  append(events);
  return Ticket{};
}

Result<Ticket> MemoryStore::purge(const StoreId& id, std::uint64_t expected_version) {
  const MutexLock lock(mutex_);
  const auto found = find_version(id, expected_version);
  if (found == records_.end()) {
    return fail(Errc::kConflict, "the record is at another version or gone");
  }
  schedule_.erase({found->second.entry.due, id});
  drop_payload(found->second);
  records_.erase(found);
  return Ticket{};
}

Result<std::vector<DueEntry>> MemoryStore::due(WallTime now, std::size_t limit) {
  const MutexLock lock(mutex_);
  std::vector<DueEntry> found;
  for (const auto& [due, id] : schedule_) {
    if (due > now || found.size() >= limit) {
      break;
    }
    found.push_back({id, due});
  }
  return found;
}

Result<std::vector<OutboxEntry>> MemoryStore::pending(std::uint64_t after_position, std::size_t limit) {
  const MutexLock lock(mutex_);
  std::vector<OutboxEntry> found;
  for (const OutboxEntry& entry : outbox_) {
    if (found.size() >= limit) {
      break;
    }
    if (entry.position > after_position) {
      found.push_back(entry);
    }
  }
  return found;
}

Result<void> MemoryStore::acknowledge(const OutboxEntry& last) {
  const MutexLock lock(mutex_);
  if (last.position >= next_position_) {
    return fail(Errc::kInvalidArgument, "acknowledged an event that was never shown");
  }
  if (outbox_.empty() || last.position < outbox_.front().position) {
    return {};  // acknowledged before
  }
  while (!outbox_.empty() && outbox_.front().position <= last.position) {
    outbox_.pop_front();
  }
  acknowledged_ = last.event.id;
  return {};
}

Result<std::optional<EventId>> MemoryStore::last_acknowledged() {
  const MutexLock lock(mutex_);
  return acknowledged_;
}

void MemoryStore::wait_pending(std::chrono::milliseconds timeout) {
  const MutexLock lock(mutex_);
  if (outbox_.empty()) {
    appended_.wait_for(mutex_, timeout);
  }
}

MemoryStore::Records::iterator MemoryStore::find_version(const StoreId& id, std::uint64_t version) {
  const auto found = records_.find(id);
  return found != records_.end() && found->second.version == version ? found : records_.end();
}

Result<void> MemoryStore::takes_changes() {
  const MutexLock lock(mutex_);
  return room_for_changes();
}

Result<void> MemoryStore::room_for_changes() const {
  return outbox_.size() < limits_.changes_max
             ? Result<void>()
             : fail(Errc::kUnavailable, "the audit outbox is full: changes are refused");
}

StoreTotals MemoryStore::totals() {
  const MutexLock lock(mutex_);
  return totals_;
}

void MemoryStore::set_storage_limits(const StorageLimits& limits) {
  const MutexLock lock(mutex_);
  stored_bytes_max_ = limits.stored_bytes_max;
}

void MemoryStore::drop_payload(Stored& stored) {
  totals_.payload_bytes -= stored.payload ? stored.payload->size() : 0;
  stored.payload.reset();
}

void MemoryStore::append(std::span<const Event> events) {
  totals_.live_secrets += live_secrets_change(events);
  for (const Event& event : events) {
    outbox_.push_back({next_position_++, event});
  }
  if (!events.empty()) {
    appended_.notify_all();
  }
}

}  // namespace disposable
